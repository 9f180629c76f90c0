// SPDX-License-Identifier: Apache-2.0
#include "engine/plugin/output_decoder.h"

#include <algorithm>
#include <optional>

#include "engine/plugin/batch_text.h"
#include "engine/plugin/fact_text.h"
#include "engine/plugin/property_text.h"
#include "protocol/base/shared_bytes.h"

namespace gneiss::engine {
namespace {

// -1 for what is no digit as RocksDB writes them.
int DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Hex digits at the front of `text`, whole bytes.
std::string_view HexAt(std::string_view text) {
  const auto end = std::ranges::find_if_not(text, [](char c) { return DigitOf(c) >= 0; });
  const auto size = static_cast<std::size_t>(end - text.begin());
  return text.substr(0, size - size % 2);
}

std::string Bytes(std::string_view hex) {
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(DigitOf(hex[i]) * 16 + DigitOf(hex[i + 1]));
  }
  return bytes;
}

// A key in a line, and the value if it follows.
struct Pair {
  std::string_view key_hex;
  std::string_view between;  // what stands between the two, as " : "
  std::optional<std::string_view> value_hex;
  std::size_t size = 0;  // of all that, from the front of the text
};

// 0xKEY, 0xKEY : 0xVALUE, 0xKEY ==> 0xVALUE.
std::optional<Pair> LdbPairAt(std::string_view text) {
  if (!text.starts_with("0x")) return std::nullopt;
  Pair pair;
  pair.key_hex = HexAt(text.substr(2));
  pair.size = 2 + pair.key_hex.size();
  for (const std::string_view separator : {" : ", " ==> "}) {
    const std::string_view rest = text.substr(pair.size);
    if (!rest.starts_with(separator) || !rest.substr(separator.size()).starts_with("0x")) continue;
    pair.between = separator;
    pair.value_hex = HexAt(rest.substr(separator.size() + 2));
    pair.size += separator.size() + 2 + pair.value_hex->size();
    break;
  }
  return pair;
}

// 'KEY' seq:1, type:1 and, for a value that is there, => VALUE.
std::optional<Pair> InternalPairAt(std::string_view text) {
  constexpr std::string_view kArrow = " => ";
  if (!text.starts_with('\'')) return std::nullopt;
  Pair pair;
  pair.key_hex = HexAt(text.substr(1));
  pair.size = pair.key_hex.size() + 2;
  if (!text.substr(pair.key_hex.size() + 1).starts_with("' seq:")) return std::nullopt;
  const std::string_view rest = text.substr(pair.size);
  const std::size_t arrow = rest.find(kArrow);
  const std::size_t next_key = rest.find('\'');
  if (arrow == std::string_view::npos || next_key < arrow) return pair;
  pair.between = rest.substr(0, arrow + kArrow.size());
  pair.value_hex = HexAt(rest.substr(pair.between.size()));
  pair.size += pair.between.size() + pair.value_hex->size();
  return pair;
}

std::optional<Pair> PairAt(std::string_view text) {
  const std::optional<Pair> pair = LdbPairAt(text);
  return pair ? pair : InternalPairAt(text);
}

// "  # gneiss.bytes: 0x3432"
std::optional<std::string> DecodeProperty(std::string_view line) {
  constexpr std::string_view kStart = "  # ";
  constexpr std::string_view kMiddle = ": 0x";
  if (!line.starts_with(kStart)) return std::nullopt;
  const std::size_t middle = line.find(kMiddle);
  if (middle == std::string_view::npos) return std::nullopt;
  const std::string_view name = line.substr(kStart.size(), middle - kStart.size());
  const auto text = PropertyText(name, Bytes(HexAt(line.substr(middle + kMiddle.size()))));
  if (!text) return std::nullopt;
  return std::string(line.substr(0, middle)) + ": " + *text;
}

}  // namespace

std::string OutputDecoder::Decode(std::string_view line) const {
  if (const auto property = DecodeProperty(line)) return *property;
  std::string out, records;
  std::size_t at = 0;
  while (at < line.size()) {
    const std::size_t next = line.find_first_of("0'", at);
    out += line.substr(at, next - at);
    if (next == std::string_view::npos) break;
    at = next;
    const std::optional<Pair> pair = PairAt(line.substr(at));
    const std::string key = pair ? Bytes(pair->key_hex) : "";
    const std::optional<std::string> words = KeyText(key);
    if (!pair || !words) {
      out += line[at++];
      continue;
    }
    out += *words;
    at += pair->size;
    // A deletion has no value, which is printed as an empty one.
    if (pair->value_hex) out += pair->between;
    if (!pair->value_hex || pair->value_hex->empty()) continue;
    const std::string value = Bytes(*pair->value_hex);
    out += *ValueText(key, value);
    if (detail_ == RecordDetail::kRecords && IsBatchKey(key))
      records += RecordsText(AsBytes(value));
  }
  return out + records;
}

}  // namespace gneiss::engine
