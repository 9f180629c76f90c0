#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""generate_cases.py --schema DIR --out DIR [--list inputs|folders|outputs]

For tests only: writes functions that fill each message with random values for one version, and the
list of all messages (protocol/gen/testing/message_case.h). Options as for generate.py.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import generate  # noqa: E402
import schema  # noqa: E402


class Filler:
    """The Fill functions of one message."""

    def __init__(self, layout):
        self.code = generate.Code(layout)
        self.layout, self.message = layout, layout.message

    def fill(self, field):
        value = 'out.' + generate.member(field)
        null = self.code.null(field) or 'wire::Null::kAllowed'
        if field.is_array:
            element = ('random.Fill(element);' if field.base in schema.PRIMITIVES else
                       'Fill(random, version, element);')
            arguments = ([null] if field.null else []) + [value, '[&](auto& element) { %s }' % element]
            return generate.call('random.Fill%sArray(' % ('Nullable' if field.null else ''),
                                 arguments, ');')
        if field.base in schema.PRIMITIVES:
            return ['random.FillNullable(%s, %s);' % (null, value) if field.null else
                    'random.Fill(%s);' % value]
        if not field.null:
            return ['Fill(random, version, %s);' % value]
        return [value + '.reset();', 'if (!random.OneIn(3)) {',
                '  %s = %s{};' % (value, self.code.qualified(field.base)),
                '  Fill(random, version, *%s);' % value, '}']

    def lines(self):
        structs = [(name, fields, versions) for name, fields, versions, _ in self.layout.structs]
        structs.append((self.message.name, self.message.fields, self.message.valid))
        out = []
        for name, fields, versions in structs:
            pieces = [(generate.condition(f.versions, versions), self.fill(f), []) for f in fields]
            head = ('void Fill(RandomFill& random, std::int16_t version, %s& out)'
                    % self.code.qualified(name))
            out += self.code.function(head, generate.guarded(pieces), versions)
        return out


def case_function(code_file):
    words = code_file.removesuffix('.cc').replace('/', '_').split('_')
    return 'Add' + ''.join(word.capitalize() for word in words)


def cases_text(code_file, units):
    lines = ['// Generated from protocol/schema. Do not edit.', '#include <vector>', '',
             '#include "protocol/gen/testing/message_case.h"']
    lines += ['#include "protocol/messages/%s"' % header for header, _ in units]
    lines += ['', 'namespace gneiss::protocol::testing {', 'namespace {', '']
    layouts = [layout for _, of_unit in units for layout in of_unit]
    for layout in layouts:
        lines += Filler(layout).lines()
    lines += ['}  // namespace', '']
    name = case_function(code_file)
    lines += ['void %s(std::vector<MessageCase>& out);' % name,
              'void %s(std::vector<MessageCase>& out) {' % name]
    lines += ['  out.push_back(CaseOf<%s, &Fill>());' % layout.message.name for layout in layouts]
    return '\n'.join(lines + ['}', '', '}  // namespace gneiss::protocol::testing', ''])


def list_text(code_files):
    names = [case_function(code_file) for code_file in code_files]
    lines = ['// Generated from protocol/schema. Do not edit.',
             '#include "protocol/gen/testing/message_case.h"', '',
             'namespace gneiss::protocol::testing {', '']
    lines += ['void %s(std::vector<MessageCase>& out);' % name for name in names]
    lines += ['', 'const std::vector<MessageCase>& AllMessages() {',
              '  static const std::vector<MessageCase> all = [] {',
              '    std::vector<MessageCase> cases;']
    lines += ['    %s(cases);' % name for name in names]
    lines += ['    return cases;', '  }();', '  return all;', '}', '',
              '}  // namespace gneiss::protocol::testing', '']
    return '\n'.join(lines)


def texts(folder):
    units = generate.units_of(folder)
    out = {code: cases_text(code, of_code) for code, of_code in units.items()}
    out['all_messages.cc'] = list_text(units)
    return out


if __name__ == '__main__':
    generate.run(__doc__, texts)
