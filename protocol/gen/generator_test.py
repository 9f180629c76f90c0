#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the schema language, of the generator's decisions and of the import script."""
import pathlib
import re
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'schema')]
import generate  # noqa: E402
import import_kafka_schemas as importer  # noqa: E402
import schema  # noqa: E402

SCHEMA = HERE.parent / 'schema'
EXAMPLE = '''\
# About the file.

# What the API does.
api 7 Example on broker
# The request.
request v1-5 flex 4
  struct Shared 2+
    Id uuid
  Name string ?3+ =null
  # Why it exists.
  Count i32 2-4 =-1 ign   # and its unit
  Items []Item
    Data bytes ? @0
    Extra Shared 4+ @1
response v1-5
'''


class SchemaTest(unittest.TestCase):
    def test_every_file_is_printed_as_it_was_read(self):
        for path in sorted(SCHEMA.rglob('*.gks')):
            text = path.read_text()
            messages = schema.parse(text, path.name)
            self.assertEqual(importer.head_of(path) + importer.render(messages), text, path)

    def test_versions_are_cut_to_their_surroundings(self):
        request, _ = schema.parse(EXAMPLE)
        name, count, items = request.fields
        self.assertEqual((name.versions, name.null), ((1, 5), (3, 5)))
        self.assertEqual((count.versions, count.default, count.flags), ((2, 4), '-1', {'ign'}))
        self.assertEqual(items.fields[1].tagged, (4, 5))

    def test_comments_belong_to_the_definition_below_or_beside_them(self):
        request, _ = schema.parse(EXAMPLE)
        self.assertEqual(request.api_comment, ['What the API does.'])
        self.assertEqual(request.comment, ['The request.'])
        self.assertEqual(request.fields[1].comment, ['Why it exists.', 'and its unit'])

    def test_an_unknown_word_is_an_error_with_its_line(self):
        with self.assertRaisesRegex(schema.SchemaError, 'x.gks:3: unknown word odd'):
            schema.parse('api 1 A\nrequest v0\n  Field i32 odd', 'x.gks')

    def test_an_unknown_type_is_an_error(self):
        with self.assertRaisesRegex(schema.SchemaError, 'unknown type i23'):
            schema.parse('api 1 A\nrequest v0\n  Field i23', 'x.gks')


class GeneratorTest(unittest.TestCase):
    def setUp(self):
        self.layout = generate.Layout(schema.parse(EXAMPLE)[0])

    def test_conditions_leave_out_what_always_holds(self):
        self.assertEqual(generate.condition((1, 5), (1, 5)), '')
        self.assertEqual(generate.condition((2, 5), (1, 5)), 'version >= 2')
        self.assertEqual(generate.condition((1, 3), (1, 5)), 'version <= 3')
        self.assertEqual(generate.condition((2, 4), (1, 5)), 'version >= 2 && version <= 4')
        self.assertEqual(generate.condition((5, 5), (1, 5)), 'version == 5')

    def test_names_become_snake_case(self):
        for name, expected in (('TopicId', 'topic_id'), ('IsKRaft', 'is_k_raft'),
                               ('TTLMs', 'ttl_ms'), ('Oauth2Url', 'oauth2_url')):
            self.assertEqual(generate.snake(name), expected)

    def test_the_smallest_element_is_that_of_the_leanest_version(self):
        # v4 and 5: nothing but the count of tags, as both fields are tagged; at least one byte
        items = self.layout.message.fields[2]
        self.assertEqual(self.layout.min_element_bytes(items), 1)
        text = 'api 1 A\nrequest v0\n  Items []Item\n    Id uuid\n    Name string\n'
        layout = generate.Layout(schema.parse(text)[0])
        self.assertEqual(layout.min_element_bytes(layout.message.fields[0]), 18)

    def test_structs_come_before_their_use(self):
        self.assertEqual([name for name, _, _, _ in self.layout.structs], ['Shared', 'Item'])

    def test_defaults_follow_the_schema(self):
        lines = '\n'.join(generate.struct_lines(self.layout))
        self.assertIn('std::optional<std::string> name;', lines)
        self.assertIn('std::int32_t count = -1;  // v2-4', lines)
        self.assertIn('std::optional<SharedBytes> data = SharedBytes();', lines)
        self.assertIn('  // Why it exists.\n  // and its unit\n', lines)

    def test_error_codes_are_visited_at_every_level(self):
        layout = generate.Layout(schema.parse(
            'api 1 A\nresponse v0\n  ErrorCode i16\n  Name string\n  Topics []Topic ?\n'
            '    Name string\n    Partitions []Partition\n      PartitionErrorCode i16\n')[0])
        self.assertEqual(generate.error_visits(layout, layout.message.fields, 'x'), [
            'visit(x.error_code);',
            'if (x.topics) {',
            '  for (const auto& topics_part : *x.topics) {',
            '    for (const auto& partitions_part : topics_part.partitions) {',
            '      visit(partitions_part.partition_error_code);',
            '    }', '  }', '}'])

    def test_a_list_of_api_keys_is_complete(self):
        text = (HERE.parent / 'api_keys.h').read_text()
        listed = {int(key): name for name, key in re.findall(r'k(\w+) = (\d+),', text)}
        expected = {layout.message.key: layout.message.name.removesuffix('Request')
                    for _, _, layouts in generate.load(SCHEMA) for layout in layouts
                    if layout.message.kind == 'request'}
        self.assertEqual(listed, expected)

    def test_files_that_do_not_change_are_not_written(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / 'a' / 'b.h'
            generate.write_if_changed(path, 'text')
            path.chmod(0o444)
            before = path.stat().st_mtime_ns
            generate.write_if_changed(path, 'text')
            self.assertEqual(path.stat().st_mtime_ns, before)


class ImportTest(unittest.TestCase):
    def test_our_comments_survive(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / '007_example.gks'
            path.write_text(EXAMPLE)
            fresh = schema.parse(re.sub(r' *#.*', '', EXAMPLE))
            importer.keep_comments(path, fresh)
            text = importer.head_of(path) + importer.render(fresh)
        for comment in ('# About the file.', '# What the API does.', '# The request.',
                        '  # Why it exists.', '  # and its unit'):
            self.assertIn(comment + '\n', text)

    def test_json_becomes_a_message(self):
        message = importer.message_of(importer.load_json('''{ // a comment
            "apiKey": 3, "type": "request", "name": "XRequest", "validVersions": "2-4",
            "flexibleVersions": "3+", "listeners": ["broker"], "fields": [
              {"name": "gone", "type": "int8", "versions": "0-1"},
              {"name": "ids", "type": "[]int32", "versions": "0+", "nullableVersions": "4+",
               "ignorable": true}]}'''), 'XRequest.json')
        self.assertEqual(schema.format_message(message),
                         ['request v2-4 flex 3', '  Ids []i32 ?4+ ign'])

    def test_an_unknown_attribute_stops_the_import(self):
        with self.assertRaises(SystemExit):
            importer.message_of({'type': 'data', 'name': 'X', 'validVersions': '0', 'new': 1}, 'X')


if __name__ == '__main__':
    unittest.main()
