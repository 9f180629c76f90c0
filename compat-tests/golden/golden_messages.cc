// SPDX-License-Identifier: Apache-2.0
// The C++ half of the comparison with Kafka's own message classes
// (java/gneiss/golden/Messages.java):
//   golden_messages write FILE SEED ROUNDS   random content for every version of every message
//   golden_messages check FILE               decodes what Java wrote, compares, encodes it again
// A line of the file is: name, version, bytes in hexadecimal, fields as JSON.

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <limits>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

#include "compat-tests/golden/hex.h"
#include "protocol/gen/testing/message_case.h"

namespace gneiss::protocol::testing {
namespace {

constexpr int kDifferencesShown = 20;
constexpr std::size_t kAllBytes = std::numeric_limits<std::size_t>::max();

std::string KeyOf(std::string_view name, int version) {
  return std::string(name) + " " + std::to_string(version);
}

int Write(const std::string& path, std::uint64_t seed, int rounds) {
  std::ofstream out(path);
  RandomFill random(seed);
  for (const MessageCase& type : AllMessages()) {
    for (std::int16_t version = type.min_version; version <= type.max_version; ++version) {
      for (int round = 0; round < rounds; ++round) {
        const std::unique_ptr<AnyMessage> message = type.random(random, version);
        wire::Writer bytes;
        if (const Status status = message->Encode(bytes, version); !status) {
          std::cerr << KeyOf(type.name, version) << ": " << status.error().detail << "\n";
          return 1;
        }
        out << KeyOf(type.name, version) << ' ' << golden::ToHex(bytes.TakeString()) << ' '
            << message->Describe(kAllBytes) << '\n';
      }
    }
  }
  return out.flush() ? 0 : 1;
}

// What we see differently; empty if nothing.
std::string Difference(const MessageCase& type, std::int16_t version, const std::string& hex,
                       const std::string& fields) {
  const SharedBytes body = SharedBytes::Own(golden::FromHex(hex));
  wire::Reader in(body);
  const Result<std::unique_ptr<AnyMessage>> message = type.decode(in, version);
  if (!message) return message.error().detail;
  if (in.remaining() > 0) return std::to_string(in.remaining()) + " bytes are left over";
  const std::string seen = (*message)->Describe(kAllBytes);
  if (seen != fields) return "fields differ\n  written " + fields + "\n  read    " + seen;
  wire::Writer again;
  if (const Status status = (*message)->Encode(again, version); !status) {
    return status.error().detail;
  }
  const std::string bytes = golden::ToHex(again.TakeString());
  return bytes == hex ? "" : "bytes differ\n  written " + hex + "\n  again   " + bytes;
}

int Check(const std::string& path) {
  std::map<std::string_view, const MessageCase*> types;
  std::set<std::string> missing;
  for (const MessageCase& type : AllMessages()) {
    types[type.name] = &type;
    for (int v = type.min_version; v <= type.max_version; ++v) missing.insert(KeyOf(type.name, v));
  }
  std::ifstream file(path);
  int lines = 0;
  int wrong = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    std::istringstream in(line);
    std::string name, hex, fields;
    int version = 0;
    in >> name >> version;
    in.ignore();                 // one blank
    std::getline(in, hex, ' ');  // empty for a message without content
    std::getline(in, fields);
    const auto type = types.find(name);
    missing.erase(KeyOf(name, version));
    const std::string difference =
        type == types.end()
            ? "not in our schema"
            : Difference(*type->second, static_cast<std::int16_t>(version), hex, fields);
    if (!difference.empty() && wrong++ < kDifferencesShown) {
      std::cout << KeyOf(name, version) << ": " << difference << "\n";
    }
  }
  std::cout << "c++: " << lines << " messages read, " << wrong << " wrong, not covered:";
  for (const std::string& key : missing) std::cout << ' ' << key;
  std::cout << "\n";
  return wrong == 0 && missing.empty() && lines > 0 ? 0 : 1;
}

}  // namespace
}  // namespace gneiss::protocol::testing

int main(int argc, char** argv) {
  using namespace gneiss::protocol::testing;
  const std::string_view mode = argc > 2 ? argv[1] : "";
  if (mode == "check" && argc == 3) return Check(argv[2]);
  if (mode == "write" && argc == 5) {
    return Write(argv[2], std::strtoull(argv[3], nullptr, 10), std::atoi(argv[4]));
  }
  std::cerr << "usage: golden_messages write FILE SEED ROUNDS | check FILE\n";
  return 2;
}
