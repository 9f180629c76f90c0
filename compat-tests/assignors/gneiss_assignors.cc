// SPDX-License-Identifier: Apache-2.0
// Our assignors behind the lines of text that the README describes.
#include <charconv>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base/big_endian.h"
#include "server/coordinator/assignor/assignor.h"

namespace {

using gneiss::Uuid;
using gneiss::server::GroupSpec;
using gneiss::server::MemberSpec;
using gneiss::server::PartitionsByTopic;

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::int32_t Number(std::string_view text) {
  std::int32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// Topics are numbers; their ids hold them in the last four bytes.
Uuid TopicId(std::int32_t topic) {
  Uuid id;
  id.bytes[6] = 0x40;
  gneiss::StoreBigEndian(id.bytes.data() + 12, topic);
  return id;
}

std::int32_t TopicNumber(const Uuid& id) {
  return gneiss::LoadBigEndian<std::int32_t>(id.bytes.data() + 12);
}

// member ID INSTANCE TOPICS OWNED, where "-" stands for none.
MemberSpec ParseMember(const std::vector<std::string_view>& words) {
  MemberSpec member;
  member.member_id = words[1];
  if (words[2] != "-") member.instance_id = words[2];
  if (words[3] != "-") {
    for (const std::string_view topic : Split(words[3], ',')) {
      member.topics.push_back(TopicId(Number(topic)));
    }
  }
  if (words[4] == "-") return member;
  for (const std::string_view owned : Split(words[4], ';')) {
    const std::vector<std::string_view> parts = Split(owned, ':');
    std::vector<std::int32_t>& partitions = member.partitions[TopicId(Number(parts[0]))];
    for (const std::string_view partition : Split(parts[1], ',')) {
      partitions.push_back(Number(partition));
    }
  }
  return member;
}

std::string Text(const PartitionsByTopic& topics) {
  std::ostringstream text;
  for (const auto& [topic, partitions] : topics) {
    text << (topic == topics.begin()->first ? "" : ";") << TopicNumber(topic);
    char separator = ':';
    for (const std::int32_t partition : partitions) {
      text << separator << partition;
      separator = ',';
    }
  }
  return topics.empty() ? "-" : text.str();
}

bool Answer(std::string_view assignor, const GroupSpec& spec) {
  const auto assignment = gneiss::server::FindAssignor(assignor)->Assign(spec);
  if (!assignment) {
    std::cerr << assignment.error().detail << '\n';
    return false;
  }
  for (const auto& [member, partitions] : *assignment) {
    std::cout << "member " << member << ' ' << Text(partitions) << '\n';
  }
  std::cout << "end" << std::endl;
  return true;
}

}  // namespace

int main() {
  GroupSpec spec;
  std::string line;
  while (std::getline(std::cin, line)) {
    const std::vector<std::string_view> words = Split(line, ' ');
    if (words[0] == "topic") {
      spec.partition_counts[TopicId(Number(words[1]))] = Number(words[2]);
    } else if (words[0] == "member") {
      spec.members.push_back(ParseMember(words));
    } else {
      if (!Answer(words[1], spec)) return 1;
      spec = {};
    }
  }
  return 0;
}
