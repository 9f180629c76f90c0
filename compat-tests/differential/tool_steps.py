# SPDX-License-Identifier: Apache-2.0
"""What is asked of each command line tool, in order, on a broker that starts empty.

A step is a title and a command as one would type it. These words are filled in: BROKER is
host:port, FILE is a file with the step's text. Where a tool has to wait until a change has come
through, `until` is what its output then matches.
"""

import dataclasses
import shlex


@dataclasses.dataclass(frozen=True)
class Step:
    title: str
    command: str
    stdin: str = ""
    file: str = ""         # the content of FILE
    until: str = ""        # run it again until its output matches
    ordered: bool = False  # the order of the lines is compared too
    alone: bool = False    # in a JVM of its own, which it ends itself
    lines: int = 0         # it runs on: stop it after so many lines
    runs_on: bool = False  # it runs beside the steps that follow, to the end of all

    @property
    def tool(self):
        return self.command.split(maxsplit=1)[0]

    @property
    def arguments(self):
        return shlex.split(self.command)[1:]


ADDRESS = " --bootstrap-server BROKER "
RECORDS = "".join(f"k{n}|v{n}\n" for n in range(10))
KEYED = " --reader-property parse.key=true --reader-property key.separator=|"


def _topics():
    run = "topics" + ADDRESS
    yield Step("create", run + "--create --topic one --partitions 3 --config retention.ms=3600000")
    yield Step("create with defaults", run + "--create --topic defaults")
    yield Step("create assigned", run + "--create --topic assigned --replica-assignment 1,1")
    yield Step("create single",
               run + "--create --topic single --partitions 1 --replication-factor 1")
    yield Step("create exists", run + "--create --topic one")
    yield Step("create if not exists", run + "--create --topic one --if-not-exists")
    yield Step("create bad name", run + "--create --topic 'a b'")
    yield Step("create with a dot", run + "--create --topic dotted.name")
    yield Step("create colliding", run + "--create --topic dotted_name")
    yield Step("create too many replicas", run + "--create --topic two --replication-factor 2")
    yield Step("create no partitions", run + "--create --topic two --partitions 0")
    yield Step("create unknown config", run + "--create --topic two --config no.such.config=1")
    yield Step("create wrong config", run + "--create --topic two --config retention.ms=x")
    yield Step("list", run + "--list", until="dotted.name")
    yield Step("list some", run + "--list --topic 'o.*|d.*' --exclude-internal")
    yield Step("describe", run + "--describe --topic one")
    yield Step("describe all", run + "--describe")
    yield Step("describe pages",
               run + "--describe --topic 'one|assigned' --partition-size-limit-per-response 1")
    for kind in ["topics-with-overrides", "under-replicated-partitions", "unavailable-partitions",
                 "under-min-isr-partitions", "at-min-isr-partitions"]:
        yield Step(f"describe {kind}", run + f"--describe --{kind}")
    yield Step("describe unknown", run + "--describe --topic absent")
    yield Step("describe unknown if exists", run + "--describe --topic absent --if-exists")
    yield Step("describe unknown id", run + "--describe --topic-id AAAAAAAAAAAAAAAAAAAABw")
    yield Step("alter", run + "--alter --topic one --partitions 4")
    yield Step("describe altered", run + "--describe --topic one", until="PartitionCount: 4")
    yield Step("alter fewer", run + "--alter --topic one --partitions 2")
    yield Step("alter assigned",
               run + "--alter --topic assigned --partitions 3 --replica-assignment 1,1,1")
    yield Step("alter unknown", run + "--alter --topic absent --partitions 2")
    yield Step("alter unknown if exists", run + "--alter --topic absent --partitions 2 --if-exists")
    yield Step("delete", run + "--delete --topic defaults")
    yield Step("delete unknown", run + "--delete --topic absent")
    yield Step("delete unknown if exists", run + "--delete --topic absent --if-exists")
    yield Step("list after deletion", run + "--list", until=r"^(?!.*defaults)")


def _configs():
    run = "configs" + ADDRESS
    topic = "--entity-type topics --entity-name one "
    yield Step("describe topic", run + "--describe " + topic)
    yield Step("describe topic with defaults", run + "--describe --all " + topic)
    yield Step("describe topics", run + "--describe --entity-type topics")
    yield Step("alter topic",
               run + "--alter --add-config retention.ms=7200000,cleanup.policy=[compact,delete] "
               + topic)
    yield Step("describe altered topic", run + "--describe " + topic, until="7200000")
    yield Step("alter topic from a file",
               run + "--alter --add-config-file FILE " + topic, file="flush.ms=5000\n")
    yield Step("alter topic back", run + "--alter --delete-config retention.ms " + topic)
    yield Step("describe topic again", run + "--describe " + topic, until="^(?!.*7200000)")
    yield Step("alter topic to a wrong value", run + "--alter --add-config retention.ms=x " + topic)
    yield Step("alter topic unknown config", run + "--alter --add-config no.such.config=1 " + topic)
    yield Step("delete unknown config", run + "--alter --delete-config flush.messages " + topic)
    yield Step("describe unknown topic",
               run + "--describe --entity-type topics --entity-name absent")
    yield Step("alter unknown topic",
               run + "--alter --entity-type topics --entity-name absent --add-config "
               "retention.ms=1")
    for name in ["--entity-name 1", "--entity-default"]:
        broker = f"--entity-type brokers {name} "
        yield Step(f"describe broker {name}", run + "--describe " + broker)
        yield Step(f"alter broker {name}",
                   run + "--alter --add-config log.retention.ms=5000000 " + broker)
        yield Step(f"describe altered broker {name}", run + "--describe " + broker, until="5000000")
        yield Step(f"alter broker back {name}",
                   run + "--alter --delete-config log.retention.ms " + broker)
        yield Step(f"alter broker wrong {name}",
                   run + "--alter --add-config log.retention.ms=x " + broker)
        yield Step(f"alter broker read only {name}",
                   run + "--alter --add-config num.partitions=3 " + broker)
    yield Step("describe broker with defaults",
               run + "--describe --all --entity-type brokers --entity-name 1")
    yield Step("describe brokers", run + "--describe --entity-type brokers")
    logger = "--entity-type broker-loggers --entity-name 1 "
    yield Step("describe loggers", run + "--describe " + logger)
    yield Step("alter logger", run + "--alter --add-config kafka.server=DEBUG " + logger)
    yield Step("alter logger to a wrong level",
               run + "--alter --add-config kafka.server=LOUD " + logger)
    for kind, value, wrong in [
            ("groups", "consumer.session.timeout.ms=50000", "consumer.session.timeout.ms=1"),
            ("client-metrics", "interval.ms=5000", "interval.ms=1")]:
        entity = f"--entity-type {kind} --entity-name named "
        yield Step(f"describe {kind}", run + "--describe " + entity)
        yield Step(f"alter {kind}", run + f"--alter --add-config {value} " + entity)
        yield Step(f"describe altered {kind}", run + "--describe " + entity, until="5000")
        yield Step(f"describe all {kind}", run + f"--describe --entity-type {kind}")
        yield Step(f"alter {kind} to a wrong value",
                   run + f"--alter --add-config {wrong} " + entity)


def _data():
    yield Step("produce", "console-producer" + ADDRESS + "--topic one" + KEYED, stdin=RECORDS)
    yield Step("produce compressed",
               "console-producer" + ADDRESS + "--topic dotted.name --compression-codec zstd",
               stdin="a\nb\nc\n")
    yield Step("produce to a bad name",
               "console-producer" + ADDRESS + "--topic a/b --timeout 100", stdin="a\n")
    consume = "console-consumer" + ADDRESS
    yield Step("consume", consume + "--topic dotted.name --from-beginning --max-messages 3 "
               "--formatter-property print.offset=true --formatter-property print.partition=true",
               ordered=True)
    yield Step("consume keys",
               consume + "--topic one --from-beginning --max-messages 10 --formatter-property "
               "print.key=true "
               "--formatter-property print.headers=true")
    yield Step("consume at an offset",
               consume + "--topic dotted.name --partition 0 --offset 1 --max-messages 2",
               ordered=True)
    yield Step("consume nothing", consume + "--topic dotted.name --timeout-ms 700")
    for protocol in ["classic", "consumer"]:
        yield Step(f"consume in a {protocol} group",
                   consume + f"--topic dotted.name --group {protocol}-group "
                   f"--from-beginning --max-messages 2 --timeout-ms 20000 "
                   f"--command-property group.protocol={protocol}", ordered=True)
    yield Step("consume committed offsets",
               consume + "--topic __consumer_offsets --from-beginning --timeout-ms 3000 "
               "--formatter org.apache.kafka.tools.consumer.OffsetsMessageFormatter")
    get = "get-offsets" + ADDRESS
    for time in ["-1", "-2", "-4", "-5", "0", "earliest", "latest", "99999999999999"]:
        yield Step(f"at {time}", get + f"--topic dotted.name --time {time}")
    yield Step("of all", get + "--exclude-internal-topics")
    yield Step("of some", get + "--topic-partitions one:0-2,dotted.*:0")
    yield Step("of partitions", get + "--topic one --partitions 3")
    yield Step("of an unknown topic", get + "--topic absent")
    delete = "delete-records" + ADDRESS + "--offset-json-file FILE"
    for title, topic, offset in [
            ("some", "dotted.name", 1), ("too many", "dotted.name", 99), ("all", "dotted.name", -1),
            ("negative", "dotted.name", -5), ("of an unknown topic", "absent", 1)]:
        partition = f'{{"topic":"{topic}","partition":0,"offset":{offset}}}'
        yield Step(title, delete, file=f'{{"version":1,"partitions":[{partition}]}}')
    yield Step("after deletion", get + "--topic dotted.name --time -2")
    yield Step("of a topic", "log-dirs" + ADDRESS + "--describe --topic-list one")
    yield Step("of the broker",
               "log-dirs" + ADDRESS + "--describe --broker-list 1 --topic-list one,absent")
    yield Step("of another broker", "log-dirs" + ADDRESS + "--describe --broker-list 7")


def _groups():
    run = "consumer-groups" + ADDRESS
    yield Step("list", run + "--list")
    yield Step("list states", run + "--list --state")
    yield Step("list stable", run + "--list --state stable")
    yield Step("list types", run + "--list --type")
    yield Step("list both", run + "--list --type consumer --state Empty")
    for group in ["classic-group", "consumer-group", "absent"]:
        for kind in ["--offsets", "--members", "--members --verbose", "--state", "--verbose",
                     "--state --verbose"]:
            yield Step(f"describe {group} {kind}", run + f"--describe --group {group} {kind}")
    yield Step("describe all", run + "--describe --all-groups")
    for group in ["classic-group", "consumer-group", "fresh-group", "absent"]:
        way = "--to-earliest" if group == "fresh-group" else "--shift-by -1"
        yield Step(f"reset {group}",
                   run + f"--reset-offsets --group {group} --topic dotted.name {way} --execute")
    for way in ["--to-latest", "--to-offset 2", "--to-offset 99", "--by-duration PT1H",
                "--to-datetime 2001-01-01T00:00:00.000", "--to-current", "--shift-by 99",
                "--to-earliest --export"]:
        yield Step(f"reset {way}",
                   run + f"--reset-offsets --group fresh-group --topic dotted.name:0 {way} "
                   f"--dry-run")
    yield Step("reset all topics",
               run + "--reset-offsets --group fresh-group --all-topics --to-latest --dry-run")
    yield Step("reset from a file",
               run + "--reset-offsets --group fresh-group --from-file FILE --execute",
               file="dotted.name,0,3\n")
    yield Step("reset an unknown topic",
               run + "--reset-offsets --group fresh-group --topic absent --to-latest --dry-run")
    yield Step("delete offsets",
               run + "--delete-offsets --group fresh-group --topic dotted.name --topic absent")
    yield Step("delete offsets of an unknown group",
               run + "--delete-offsets --group absent --topic one")
    yield Step("valid regex", "consumer-groups --validate-regex a.*b")
    yield Step("invalid regex", "consumer-groups --validate-regex 'a(b'")
    groups = "groups" + ADDRESS
    for kind in ["", "--consumer", "--group-type classic", "--group-type consumer",
                 "--protocol consumer", "--share"]:
        yield Step(f"list {kind}", groups + f"--list {kind}")
    for protocol in ["classic", "consumer"]:
        yield Step(f"member of {protocol}",
                   "console-consumer" + ADDRESS + f"--topic dotted.name --group {protocol}-group "
                   f"--command-property group.protocol={protocol} "
                   "--command-property client.id=live "
                   "--command-property auto.offset.reset=earliest --from-beginning", runs_on=True)
        for kind in ["--offsets", "--members", "--members --verbose", "--state"]:
            yield Step(f"describe live {protocol} {kind}",
                       run + f"--describe --group {protocol}-group {kind}", until="live|Stable")
        yield Step(f"reset live {protocol}",
                   run + f"--reset-offsets --group {protocol}-group --all-topics --to-latest "
                   f"--execute")
        yield Step(f"delete live {protocol}", run + f"--delete --group {protocol}-group")
        yield Step(f"delete offsets of live {protocol}",
                   run + f"--delete-offsets --group {protocol}-group --topic dotted.name")
    yield Step("delete", run + "--delete --group fresh-group --group absent")


def _cluster():
    elect = "leader-election" + ADDRESS
    yield Step("preferred", elect + "--election-type preferred --topic one --partition 0")
    yield Step("unclean", elect + "--election-type unclean --topic one --partition 0")
    yield Step("all", elect + "--election-type preferred --all-topic-partitions")
    yield Step("unknown", elect + "--election-type preferred --topic absent --partition 0")
    yield Step("from a file", elect + "--election-type preferred --path-to-json-file FILE",
               file='{"partitions":[{"topic":"one","partition":1},'
                    '{"topic":"absent","partition":2}]}')
    move = "reassign-partitions" + ADDRESS
    plan = '{"version":1,"partitions":[{"topic":"%s","partition":0,"replicas":[%s]}]}'
    yield Step("generate", move + "--generate --topics-to-move-json-file FILE --broker-list 1",
               file='{"version":1,"topics":[{"topic":"one"}]}')
    yield Step("generate elsewhere",
               move + "--generate --topics-to-move-json-file FILE --broker-list 7",
               file='{"version":1,"topics":[{"topic":"one"}]}')
    for option in ["--execute", "--verify", "--cancel"]:
        yield Step(f"{option} in place",
                   move + f"{option} --reassignment-json-file FILE", file=plan % ("one", 1))
        yield Step(f"{option} unknown",
                   move + f"{option} --reassignment-json-file FILE", file=plan % ("absent", 1))
    yield Step("--execute elsewhere",
               move + "--execute --reassignment-json-file FILE", file=plan % ("one", 7))
    yield Step("list", move + "--list")
    features = "features" + ADDRESS
    yield Step("describe", features + "describe")
    yield Step("version mapping", features + "version-mapping --release-version 4.0")
    yield Step("dependencies", features + "feature-dependencies --feature transaction.version=2")
    for change in ["upgrade --feature group.version=1", "upgrade --release-version 4.3",
                   "downgrade --release-version 4.0", "downgrade --feature group.version=0",
                   "disable --feature group.version", "upgrade --feature no.such=1",
                   "upgrade --feature share.version=99",
                   "downgrade --release-version 3.9 --unsafe"]:
        yield Step(f"{change} (dry)", features + f"{change} --dry-run")
    quorum = "metadata-quorum" + ADDRESS
    yield Step("status", quorum + "describe --status")
    yield Step("replication", quorum + "describe --replication")
    yield Step("replication for people", quorum + "describe --replication --human-readable")
    yield Step("remove controller",
               quorum + "remove-controller --controller-id 7 --controller-directory-id "
               "AAAAAAAAAAAAAAAAAAAABw")
    yield Step("id", "cluster cluster-id" + ADDRESS)
    yield Step("endpoints", "cluster list-endpoints" + ADDRESS)
    yield Step("endpoints with fenced",
               "cluster list-endpoints" + ADDRESS + "--include-fenced-brokers")
    yield Step("unregister another", "cluster unregister --id 7" + ADDRESS)
    yield Step("all", "broker-api-versions" + ADDRESS)
    metrics = "client-metrics" + ADDRESS
    yield Step("list", metrics + "--list")
    yield Step("alter",
               metrics + "--alter --name m1 --interval 10000 --metrics org.apache.kafka. --match "
               "client_id=a.*")
    yield Step("alter to a wrong value", metrics + "--alter --name m2 --interval 1")
    yield Step("describe", metrics + "--describe --name m1", until="10000")
    yield Step("describe all", metrics + "--describe")
    yield Step("describe unknown", metrics + "--describe --name absent")
    yield Step("delete", metrics + "--delete --name m1")
    yield Step("delete unknown", metrics + "--delete --name absent")
    yield Step("list after deletion", metrics + "--list", until="^(?!.*m1)")


def _load():
    yield Step("load",
               "producer-perf-test" + ADDRESS + "--topic one --num-records 1000 --record-size 100 "
               "--throughput -1")
    yield Step("load",
               "consumer-perf-test" + ADDRESS + "--topic one --num-records 500 --timeout 20000")
    yield Step("verifiable",
               "verifiable-producer" + ADDRESS + "--topic single --max-messages 20 --value-prefix "
               "3",
               alone=True)
    for protocol in ["classic", "consumer"]:
        yield Step(f"{protocol}",
                   "verifiable-consumer" + ADDRESS + f"--topic single --group-id "
                   f"verifiable-{protocol} "
                   f"--max-messages 20 --group-protocol {protocol} --reset-policy earliest",
                   lines=4)
    yield Step("there and back",
               "e2e-latency" + ADDRESS + "--topic dotted.name --num-records 20 --producer-acks 1 "
               "--record-size 10")
    yield Step("one report",
               "replica-verification --broker-list BROKER --topics-include single "
               "--report-interval-ms 100",
               lines=2)


STEPS = [*_topics(), *_configs(), *_data(), *_groups(), *_cluster(), *_load()]
