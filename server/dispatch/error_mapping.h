// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "protocol/base/result.h"
#include "protocol/error_codes.h"

namespace gneiss::server {

using protocol::ErrorCode;

// The code that a client gets for an error of the layers below. A handler that knows better (an
// offset of DeleteRecords, a topic id instead of a name) answers its own code instead.
ErrorCode ToKafka(Errc code);

}  // namespace gneiss::server
