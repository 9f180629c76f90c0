// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <span>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

namespace gneiss::server {

// How long a task waits now before each of these loops runs it; `at_most` for a loop that has not
// run it by then. Blocks as long: not for event loops.
std::vector<std::chrono::nanoseconds> MeasureLoopLag(
    std::span<const boost::asio::any_io_executor> loops, std::chrono::nanoseconds at_most);

}  // namespace gneiss::server
