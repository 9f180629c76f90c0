// SPDX-License-Identifier: Apache-2.0
#include "protocol/gen/testing/random_fill.h"

#include <algorithm>
#include <string_view>

namespace gneiss::protocol::testing {

void RandomFill::Fill(Uuid& value) {
  value = Uuid{};
  if (OneIn(4)) return;
  for (std::uint8_t& byte : value.bytes) byte = static_cast<std::uint8_t>(engine_());
}

std::size_t RandomFill::TextSize() {
  if (OneIn(8)) return 0;
  if (OneIn(30)) return 100 + Below(1000);
  return Below(12);
}

// One to four bytes of UTF-8 each, control characters and what JSON escapes among them.
void RandomFill::Fill(std::string& value) {
  static constexpr std::string_view kCharacters[] = {"a", "Z",  "7",  "-",  "_",  ".",
                                                     " ", "\"", "\\", "/",  "\n", "\x01",
                                                     "é", "ß",  "日", "語", "€",  "🙂"};
  value.clear();
  for (std::size_t left = TextSize(); left > 0; --left) {
    value.append(kCharacters[Below(std::size(kCharacters))]);
  }
}

std::string RandomFill::RandomBytes(std::size_t size) {
  std::string bytes(size, '\0');
  std::ranges::generate(bytes, [this] { return static_cast<char>(engine_()); });
  return bytes;
}

void RandomFill::Fill(SharedBytes& value) { value = SharedBytes::Own(RandomBytes(TextSize())); }

void RandomFill::Fill(wire::Records& value) {
  value = wire::Records();
  for (std::size_t left = Below(3); left > 0; --left) {
    value.Append(SharedBytes::Own(RandomBytes(OneIn(3) ? 400 + Below(400) : Below(40))));
  }
}

}  // namespace gneiss::protocol::testing
