// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the code of the generated messages needs.

#include <string>

#include "protocol/base/result.h"
#include "protocol/wire/dump.h"
#include "protocol/wire/form.h"
#include "protocol/wire/reader.h"
#include "protocol/wire/writer.h"

namespace gneiss::wire {

template <class Message>
Status CheckVersion(std::int16_t version) {
  if (version >= Message::kMinVersion && version <= Message::kMaxVersion) return {};
  return gneiss::Fail(Errc::kUnsupportedVersion,
                      std::string(Message::kName) + " has no version " + std::to_string(version));
}

}  // namespace gneiss::wire
