// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "server/metadata/metadata_image.h"

namespace gneiss::server {

// MetadataSource gives the present image and tells of changes. Standalone it is the
// LocalController, in a cluster the QuorumFollower; above it nothing knows which.
// Threads: image() any; subscribers run on the thread that applied the change, in order, before the
// change is acknowledged to whoever asked for it.
class MetadataSource {
 public:
  virtual ~MetadataSource() = default;

  virtual MetadataImagePtr image() const = 0;

  using Subscriber = std::function<void(const MetadataImage& before, const MetadataImage& after)>;
  // Before the first change only (at start-up).
  virtual void Subscribe(Subscriber subscriber) = 0;
};

}  // namespace gneiss::server
