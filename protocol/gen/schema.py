# SPDX-License-Identifier: Apache-2.0
"""The schema language (.gks): its model, its parser and its printer.

Line oriented, two blanks of indentation per level. '#' starts a comment; comments on lines of
their own belong to the definition below them, a comment behind a definition belongs to it. Comments at
the top of a file that end with an empty line are about the file.

  api KEY NAME [on LISTENER,...]           then its request and its response; or: api KEY NAME removed
  request|response vMIN-MAX [flex N] [unstable N]
  record KEY NAME vMIN-MAX [flex N]        a record of the metadata log, or of tiered storage
  key|value KEY NAME vMIN-MAX [flex N]     a record of a coordinator's log
  data|header NAME vMIN-MAX [flex N]
    struct NAME [VERSIONS]                 a struct that several fields use
    FIELD TYPE [VERSIONS] [?[VERSIONS]] [@TAG[:VERSIONS]] [=DEFAULT] [FLAG...]

  flex N    the first version with compact lengths and tagged fields
  VERSIONS  "3" only 3, "3+" 3 to the last, "3-7", "-7" first to 7; left out: as the surroundings
  TYPE      bool i8 i16 u16 i32 u32 i64 f64 uuid string bytes records, a struct's name, or []TYPE.
            Deeper lines below a field define its struct.
  ?         may be null          @TAG  a tagged field (an ordinary one outside its VERSIONS)
  =DEFAULT  number, true, false, null or "text"; left out: zero, false, empty
  FLAG      ign  dropped when written in a version that lacks the field (else: an error)
            key  part of the element's key     zc  may alias the receive buffer
            flex:none  keeps the classic encoding    %ENTITY  what the value names (topicName, ...)
"""
import re

PRIMITIVES = {'bool', 'i8', 'i16', 'u16', 'i32', 'u32', 'i64', 'f64', 'uuid', 'string', 'bytes',
              'records'}
KINDS = ('request', 'response', 'record', 'key', 'value', 'data', 'header')
FLAGS = ('key', 'ign', 'zc', 'flex:none')
_TOKEN = re.compile(r'="(?:\\.|[^"\\])*"|#.*|[^\s#]+')
_VERSIONS = re.compile(r'\d+\+?|-\d+|\d+-\d+')


class SchemaError(Exception):
    pass


class Field:
    """A field; `versions`, `null` and `tagged` are (first, last) pairs or None."""

    def __init__(self, name, type_, versions):
        self.name, self.type, self.versions = name, type_, versions
        self.null = self.tag = self.tagged = self.default = self.entity = None
        self.flags, self.fields, self.comment = set(), [], []

    @property
    def base(self):
        return self.type[2:] if self.type.startswith('[]') else self.type

    @property
    def is_array(self):
        return self.type.startswith('[]')


class Struct:
    """A struct that is defined by itself, because several fields use it."""

    def __init__(self, name, versions):
        self.name, self.versions, self.fields, self.comment = name, versions, [], []


class Message:
    def __init__(self, kind, name, key=None):
        self.kind, self.name, self.key = kind, name, key
        self.valid = self.first_flexible = self.unstable = None
        self.listeners, self.fields, self.structs = [], [], []
        self.comment, self.api_comment = [], []

    @property
    def removed(self):
        return self.valid is None


def parse_versions(text, outer):
    if not text:
        return outer
    if text.endswith('+'):
        return int(text[:-1]), outer[1]
    if text.startswith('-'):
        return outer[0], int(text[1:])
    first, _, last = text.partition('-')
    return int(first), int(last or first)


def format_versions(versions, outer):
    if versions == outer:
        return ''
    if versions[1] == outer[1]:
        return '%d+' % versions[0]
    if versions[0] == versions[1]:
        return '%d' % versions[0]
    return '-%d' % versions[1] if versions[0] == outer[0] else '%d-%d' % versions


class _Parser:
    def __init__(self):
        self.messages, self.comment, self.stack = [], [], []
        self.api = self.message = None  # api: (key, name, listeners, comment)

    def line(self, text):
        words = _TOKEN.findall(text)
        if not words:
            if self.api is None and self.message is None:
                self.comment = []  # what stands at the top, apart, is about the file
            return
        if words[0].startswith('#'):
            self.comment.append(words[0][1:].strip())
            return
        if words[-1].startswith('#'):
            self.comment.append(words.pop()[1:].strip())
        comment, self.comment = self.comment, []
        depth = (len(text) - len(text.lstrip(' '))) // 2
        if depth == 0 and words[0] == 'api':
            self.open_api(words, comment)
        elif depth == 0:
            self.open_message(words, comment)
        elif depth == 1 and words[0] == 'struct':
            struct = Struct(words[1], parse_versions(''.join(words[2:3]), self.message.valid))
            struct.comment = comment
            self.message.structs.append(struct)
            self.stack = [None, (struct.fields, struct.versions)]
            self.in_struct = True
        else:
            self.open_field(words, comment, depth)

    def open_api(self, words, comment):
        listeners = words[words.index('on') + 1].split(',') if 'on' in words else []
        self.api = (int(words[1]), words[2], listeners, comment)
        if words[-1] == 'removed':
            for kind in ('request', 'response'):
                self.messages.append(Message(kind, words[2] + kind.capitalize(), int(words[1])))
                self.messages[-1].api_comment = comment

    def open_message(self, words, comment):
        kind = words.pop(0)
        if kind not in KINDS:
            raise SchemaError('unknown kind ' + kind)
        if kind in ('request', 'response'):
            key, name, listeners, api_comment = self.api
            message = Message(kind, name + kind.capitalize(), key)
            message.api_comment = api_comment
            message.listeners = listeners if kind == 'request' else []
        else:
            key = int(words.pop(0)) if words[0].isdigit() else None
            message = Message(kind, words.pop(0), key)
        message.comment = comment
        message.valid = parse_versions(words.pop(0)[1:], None)
        while words:
            word, number = words.pop(0), int(words.pop(0))
            setattr(message, {'flex': 'first_flexible', 'unstable': 'unstable'}[word], number)
        self.messages.append(message)
        self.message, self.stack, self.in_struct = message, [(message.fields, message.valid)], False

    def open_field(self, words, comment, depth):
        if self.in_struct and depth == 1:  # back from a shared struct to the message's own fields
            self.stack, self.in_struct = [(self.message.fields, self.message.valid)], False
        del self.stack[depth:]
        siblings, outer = self.stack[-1]
        field = Field(words[0], words[1], outer)
        field.comment = comment
        rest = words[2:]
        if rest and _VERSIONS.fullmatch(rest[0]):
            field.versions = parse_versions(rest.pop(0), outer)
        for word in rest:
            if word[0] == '?':
                field.null = parse_versions(word[1:], field.versions)
            elif word[0] == '@':
                tag, _, versions = word[1:].partition(':')
                field.tag, field.tagged = int(tag), parse_versions(versions, field.versions)
            elif word[0] == '=':
                field.default = word[1:]
            elif word[0] == '%':
                field.entity = word[1:]
            elif word in FLAGS:
                field.flags.add(word)
            else:
                raise SchemaError('unknown word ' + word)
        siblings.append(field)
        self.stack.append((field.fields, field.versions))


def parse(text, where='schema'):
    """The messages of a schema text. Removed APIs give messages without versions."""
    parser = _Parser()
    for number, line in enumerate(text.split('\n'), 1):
        try:
            parser.line(line)
        except (SchemaError, ValueError, KeyError, IndexError, TypeError) as error:
            raise SchemaError('%s:%d: %s: %s' % (where, number, error, line.strip())) from error
    for message in parser.messages:
        _check_structs(message, where)
    return parser.messages


def walk(fields):
    for field in fields:
        yield field
        yield from walk(field.fields)


def _check_structs(message, where):
    """Each struct is defined once, and each reference has a definition."""
    defined = [struct.name for struct in message.structs]
    everything = list(walk(message.fields))
    for struct in message.structs:
        everything += walk(struct.fields)
    defined += [field.base for field in everything if field.fields]
    for name in {name for name in defined if defined.count(name) > 1}:
        raise SchemaError('%s: %s defines %s twice' % (where, message.name, name))
    for field in everything:
        if field.base not in PRIMITIVES and field.base not in defined:
            raise SchemaError('%s: %s.%s has the unknown type %s'
                              % (where, message.name, field.name, field.type))


def _format_comment(comment, indent):
    return ['%s# %s' % (indent, line) if line else indent + '#' for line in comment]


def _format_fields(fields, outer, depth):
    lines = []
    for field in fields:
        words = [field.name, field.type, format_versions(field.versions, outer)]
        if field.null:
            words.append('?' + format_versions(field.null, field.versions))
        if field.tag is not None:
            versions = format_versions(field.tagged, field.versions)
            words.append('@%d%s' % (field.tag, ':' + versions if versions else ''))
        if field.default is not None:
            words.append('=' + field.default)
        words += [flag for flag in FLAGS if flag in field.flags]
        if field.entity:
            words.append('%' + field.entity)
        lines += _format_comment(field.comment, '  ' * depth)
        lines.append('  ' * depth + ' '.join(word for word in words if word))
        lines += _format_fields(field.fields, field.versions, depth + 1)
    return lines


def format_message(message):
    """The lines of one message, without the "api" line that stands above a request."""
    versions = '%d-%d' % message.valid if message.valid[0] != message.valid[1] else message.valid[0]
    words = [message.kind]
    if message.kind not in ('request', 'response'):
        words += [str(message.key), message.name] if message.key is not None else [message.name]
    words.append('v%s' % versions)
    if message.first_flexible is not None:
        words.append('flex %d' % message.first_flexible)
    if message.unstable is not None:
        words.append('unstable %d' % message.unstable)
    lines = _format_comment(message.comment, '') + [' '.join(words)]
    for struct in message.structs:
        lines += _format_comment(struct.comment, '  ')
        lines.append(('  struct %s %s' % (struct.name, format_versions(
            struct.versions, message.valid))).rstrip())
        lines += _format_fields(struct.fields, struct.versions, 2)
    return lines + _format_fields(message.fields, message.valid, 1)


def format_api(request, response):
    name = request.name[:-len('Request')]
    lines = _format_comment(request.api_comment, '')
    if request.removed:
        return lines + ['api %d %s removed' % (request.key, name)]
    listeners = ' on ' + ','.join(request.listeners) if request.listeners else ''
    lines.append('api %d %s%s' % (request.key, name, listeners))
    return lines + format_message(request) + format_message(response)
