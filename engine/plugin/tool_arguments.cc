// SPDX-License-Identifier: Apache-2.0
#include "engine/plugin/tool_arguments.h"

#include <rocksdb/slice.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <optional>

#include "engine/format.h"

namespace gneiss::engine {
namespace {

using Arguments = std::vector<std::string>;

constexpr std::string_view kGet = "get";
constexpr std::string_view kPartition = "--partition";

// Commands of ldb whose output is decoded, and how they are asked for hex.
struct Printing {
  std::string_view command;
  std::string_view hex_output;  // "": it prints hex anyway
  std::string_view hex_input;   // besides; "": the former says it
};
constexpr std::array<Printing, 5> kPrinting{{{"scan", "--hex", ""},
                                             {"dump", "--hex", ""},
                                             {"idump", "--hex", "--input_key_hex"},
                                             {"manifest_dump", "--hex", ""},
                                             {"dump_wal", "", ""}}};

// What the keys of a database or family are, as far as one types them.
enum class KeyKind { kOffsets, kMetadata, kState };

bool Take(Arguments& arguments, std::string_view flag) {
  return std::erase(arguments, std::string(flag)) > 0;
}

bool Has(const Arguments& arguments, std::string_view flag) {
  return std::ranges::any_of(arguments, [&](const std::string& argument) {
    return argument == flag || argument.starts_with(std::string(flag) + "=");
  });
}

bool WantsRaw(Arguments& arguments) {
  const bool raw = Take(arguments, "--raw");
  return raw || Has(arguments, "--hex") || Has(arguments, "--key_hex") ||
         Has(arguments, "--value_hex") || Has(arguments, "--output_hex");
}

std::string Hex(std::string_view key) {
  return "0x" + rocksdb::Slice(key.data(), key.size()).ToString(/*hex=*/true);
}

std::optional<Offset> ParseOffset(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return Offset(number);
}

// A key as a person gives it: 0x and hex, an offset, or the name behind the 0x01 of bindings and
// metadata properties.
std::string KeyInHex(std::string_view typed, KeyKind kind) {
  if (typed.starts_with("0x") || typed.starts_with("0X")) return std::string(typed);
  if (const auto offset = kind == KeyKind::kState ? std::nullopt : ParseOffset(typed)) {
    if (kind == KeyKind::kMetadata) return Hex(format::MetadataRecordKey(*offset));
    const format::BatchKey key = format::EncodeBatchKey(*offset);
    return Hex({key.data(), key.size()});
  }
  return Hex(format::BindingKey(typed));
}

KeyKind KindOf(const Arguments& arguments) {
  const std::string_view family = OptionIn(arguments, "--column_family");
  if (family == format::kStateFamily) return KeyKind::kState;
  return family.empty() ? KeyKind::kMetadata : KeyKind::kOffsets;
}

void ConvertBounds(Arguments& arguments, KeyKind kind) {
  for (std::string& argument : arguments) {
    for (const std::string_view name : {"--from=", "--to="}) {
      if (argument.starts_with(name)) {
        argument = std::string(name) + KeyInHex(argument.substr(name.size()), kind);
      }
    }
  }
}

// "get KEY" as a scan that can find nothing else.
void TurnGetIntoScan(Arguments& arguments, KeyKind kind) {
  const auto get = std::ranges::find(arguments, kGet);
  *get = "scan";
  const auto typed = std::find_if(get + 1, arguments.end(), [](const std::string& argument) {
    return !argument.starts_with("--");
  });
  if (typed == arguments.end()) return;
  const std::string key = KeyInHex(*typed, kind);
  *typed = "--from=" + key;
  // The batch that holds an offset has the first key from there on; other keys must be equal.
  const bool batch = kind == KeyKind::kOffsets;
  arguments.push_back(batch ? "--max_keys=1" : "--to=" + key + "00");
}

}  // namespace

std::string_view OptionIn(const Arguments& arguments, std::string_view name) {
  for (const std::string_view argument : arguments) {
    if (argument.starts_with(name) && argument.substr(name.size()).starts_with('=')) {
      return argument.substr(name.size() + 1);
    }
  }
  return {};
}

std::string_view CommandIn(const Arguments& arguments) {
  const auto command = std::ranges::find_if(
      arguments, [](const std::string& argument) { return !argument.starts_with("--"); });
  return command == arguments.end() ? std::string_view() : std::string_view(*command);
}

std::string_view FamilyIn(const Arguments& arguments) {
  const std::string_view partition = OptionIn(arguments, kPartition);
  return partition.empty() ? OptionIn(arguments, "--column_family") : partition;
}

Arguments BoundsOf(const std::string& prefix) {
  return {"--from=" + Hex(prefix), "--to=" + Hex(format::PrefixEnd(prefix))};
}

ToolCall LdbCall(Arguments arguments) {
  ToolCall call;
  call.partition = OptionIn(arguments, kPartition);
  if (!call.partition.empty()) {
    std::erase(arguments, std::string(kPartition) + "=" + call.partition);
    arguments.push_back("--column_family=" + std::string(format::kStateFamily));
  }
  if (Take(arguments, "--decode")) call.detail = RecordDetail::kRecords;
  if (!WantsRaw(arguments)) {
    const KeyKind kind = KindOf(arguments);
    call.must_find = CommandIn(arguments) == kGet;
    if (call.must_find) TurnGetIntoScan(arguments, kind);
    const auto printing = std::ranges::find(kPrinting, CommandIn(arguments), &Printing::command);
    if (printing != kPrinting.end()) {
      call.decoded = true;
      ConvertBounds(arguments, kind);
      if (!printing->hex_output.empty()) arguments.emplace_back(printing->hex_output);
      if (!printing->hex_input.empty()) arguments.emplace_back(printing->hex_input);
    }
  }
  call.arguments = std::move(arguments);
  return call;
}

ToolCall SstDumpCall(Arguments arguments) {
  ToolCall call;
  if (Take(arguments, "--decode")) call.detail = RecordDetail::kRecords;
  if (!WantsRaw(arguments)) {
    call.decoded = true;
    const bool bounded = Has(arguments, "--from") || Has(arguments, "--to");
    if (bounded && !Has(arguments, "--input_key_hex")) {
      ConvertBounds(arguments, KeyKind::kOffsets);
      arguments.emplace_back("--input_key_hex");
    }
    arguments.emplace_back("--output_hex");
  }
  call.arguments = std::move(arguments);
  return call;
}

}  // namespace gneiss::engine
