#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run_assignors.py --build_dir DIR [--seed N] [--groups N]

Our assignors beside Kafka's on random groups; see README.md. Prints the seed, so that a failure can
be repeated. Exit code 77: skipped, without Java or Maven.
"""
import argparse
import collections
import os
import pathlib
import random
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from harness import packages  # noqa: E402

SKIPPED = 77


class Assignors:
    """A program that answers for a group's text with {member: {(topic, partition), ...}}."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)

    def ask(self, group):
        self.process.stdin.write(group)
        self.process.stdin.flush()
        answer = {}
        for line in self.process.stdout:
            words = line.split()
            if words == ['end']:
                return answer
            answer[words[1]] = parse_partitions(words[2])
        raise RuntimeError('no answer to:\n' + group)

    def close(self):
        self.process.stdin.close()
        return self.process.wait()


def parse_partitions(text):
    if text == '-':
        return set()
    return {(int(topic), int(partition))
            for topic, _, partitions in (part.partition(':') for part in text.split(';'))
            for partition in partitions.split(',')}


def format_partitions(owned):
    topics = collections.defaultdict(list)
    for topic, partition in sorted(owned):
        topics[topic].append(str(partition))
    return ';'.join(f'{topic}:{",".join(numbers)}' for topic, numbers in topics.items()) or '-'


class Group:
    """A group's life, from a random generator."""

    def __init__(self, rng):
        self.rng = rng
        self.same_topics = rng.random() < 0.4
        self.topics = {topic: rng.randint(1, 12) for topic in range(1, rng.randint(2, 7))}
        self.members = {}  # id -> (instance, topics)
        self.owned = {}

    def change(self):
        rng, event = self.rng, self.rng.random()
        if event < 0.5 or not self.members:
            number = rng.randint(1000, 99999)
            instance = f'i{99999 - number}' if rng.random() < 0.3 else '-'
            self.members[f'm{number}'] = (instance, self.subscription())
        elif event < 0.75:
            self.members.pop(rng.choice(sorted(self.members)))
        elif event < 0.85:
            self.topics[rng.choice(sorted(self.topics))] += rng.randint(1, 4)
        elif self.same_topics:
            self.topics[max(self.topics) + 1] = rng.randint(1, 8)
            self.members = {member: (instance, set(self.topics))
                            for member, (instance, _) in self.members.items()}
        else:
            member = rng.choice(sorted(self.members))
            self.members[member] = (self.members[member][0], self.subscription())

    def subscription(self):
        everything = sorted(self.topics)
        if self.same_topics:
            return set(everything)
        return set(self.rng.sample(everything, self.rng.randint(1, len(everything))))

    def has_same_topics(self):
        return len({frozenset(topics) for _, topics in self.members.values()}) == 1

    def question(self, assignor):
        lines = [f'topic {topic} {count}' for topic, count in self.topics.items()]
        for member, (instance, topics) in self.members.items():
            subscribed = ','.join(str(topic) for topic in sorted(topics)) or '-'
            owned = format_partitions(self.owned.get(member, ()))
            lines.append(f'member {member} {instance} {subscribed} {owned}')
        return '\n'.join(lines + [f'assign {assignor}']) + '\n'

    def check(self, answer):
        """What is wrong with an answer whoever gave it, or None."""
        given = [partition for owned in answer.values() for partition in owned]
        wanted = {(topic, partition) for _, topics in self.members.values()
                  for topic in topics for partition in range(self.topics[topic])}
        if len(given) != len(set(given)) or set(given) != wanted:
            return 'not one owner for each partition'
        for member, owned in answer.items():
            if any(topic not in self.members[member][1] for topic, _ in owned):
                return f'{member} has what it does not subscribe to'
        return None

    def moves(self, answer):
        return sum(topic in topics and (topic, partition) not in answer[member]
                   for member, (_, topics) in self.members.items()
                   for topic, partition in self.owned.get(member, ()))


def unevenness(answer):
    return sum(len(owned) ** 2 for owned in answer.values())


class Comparison:
    def __init__(self):
        self.counts = collections.Counter()
        self.failures = []

    def add(self, group, assignor, theirs, ours):
        kind = assignor
        if assignor == 'uniform':
            kind += ', the same topics' if group.has_same_topics() else ', different topics'
        self.counts[kind, 'answers'] += 1
        self.counts[kind, 'equal to Kafka\'s'] += ours == theirs
        for name, answer in (('Kafka', theirs), ('we', ours)):
            if wrong := group.check(answer):
                self.fail(group, assignor, f'{name}: {wrong}', theirs, ours)
        if assignor == 'range' and ours != theirs:
            self.fail(group, assignor, 'not Kafka\'s answer', theirs, ours)
        if assignor == 'uniform':
            self.add_moves(group, kind, theirs, ours)

    def add_moves(self, group, kind, theirs, ours):
        their_moves, our_moves = group.moves(theirs), group.moves(ours)
        self.counts[kind, 'moves by Kafka'] += their_moves
        self.counts[kind, 'moves by us'] += our_moves
        evener = unevenness(ours) < unevenness(theirs)
        self.counts[kind, 'evener'] += evener
        self.counts[kind, 'less even'] += unevenness(ours) > unevenness(theirs)
        self.counts[kind, 'more moves, not evener'] += our_moves > their_moves and not evener
        if group.has_same_topics():
            loads = [len(owned) for owned in ours.values()]
            if max(loads) - min(loads) > 1 or our_moves != their_moves:
                self.fail(group, 'uniform', f'{our_moves} moves, {their_moves} by Kafka', theirs, ours)

    def fail(self, group, assignor, why, theirs, ours):
        self.failures.append('\n'.join(
            [why, group.question(assignor), 'Kafka:', *self.text(theirs), 'we:', *self.text(ours)]))

    @staticmethod
    def text(answer):
        return [f'  {member} {format_partitions(owned)}' for member, owned in sorted(answer.items())]

    def check_totals(self):
        kind = 'uniform, different topics'
        get = lambda what: self.counts[kind, what]  # noqa: E731
        if get('moves by us') > get('moves by Kafka'):
            self.failures.append('more moves than Kafka')
        for what, share in (('more moves, not evener', 0.01), ('less even', 0.02)):
            if get(what) > share * get('answers'):
                self.failures.append(f'{what} in {get(what)} of {get("answers")} answers')


def compare(java, cpp, seed, groups):
    comparison = Comparison()
    for number in range(groups):
        rng = random.Random(f'{seed}/{number}')
        group, assignor = Group(rng), rng.choice(['uniform', 'uniform', 'range'])
        for _ in range(rng.randint(3, 12)):
            group.change()
            if not group.members:
                continue
            question = group.question(assignor)
            theirs, ours = java.ask(question), cpp.ask(question)
            comparison.add(group, assignor, theirs, ours)
            group.owned = theirs
    comparison.check_totals()
    return comparison


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--build_dir', type=pathlib.Path, required=True)
    parser.add_argument('--seed', type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument('--groups', type=int, default=2000)
    options = parser.parse_args()
    missing = [tool for tool in ('java', 'javac', 'mvn') if shutil.which(tool) is None]
    if missing:
        print('skipped: needs %s (make test installs them)' % ', '.join(missing))
        return SKIPPED

    build_dir = options.build_dir.resolve()
    classes = build_dir / 'compat' / 'assignors'
    classes.mkdir(parents=True, exist_ok=True)
    archives = packages.classpath(build_dir / 'compat', HERE / 'pom.xml')
    source = HERE / 'java' / 'gneiss' / 'assignors' / 'KafkaAssignors.java'
    subprocess.run(['javac', '-encoding', 'UTF-8', '-cp', archives, '-d', str(classes), str(source)],
                   check=True)
    java = Assignors(['java', '-cp', os.pathsep.join([str(classes), archives]),
                      'gneiss.assignors.KafkaAssignors'])
    cpp = Assignors([str(build_dir / 'tests' / 'gneiss_assignors')])
    print('seed', options.seed, flush=True)
    comparison = compare(java, cpp, options.seed, options.groups)
    for (kind, what), count in sorted(comparison.counts.items()):
        print(f'{kind}: {what} {count}')
    for failure in comparison.failures[:3]:
        print('FAILED:', failure)
    stopped = [program.close() for program in (java, cpp)]
    return 0 if not comparison.failures and stopped == [0, 0] else 1


if __name__ == '__main__':
    sys.exit(main())
