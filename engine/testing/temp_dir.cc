// SPDX-License-Identifier: Apache-2.0
#include "engine/testing/temp_dir.h"

#include <cstdlib>
#include <string>
#include <system_error>

#include <glog/logging.h>

namespace gneiss::engine::testing {

TempDir::TempDir() {
  std::string name = (std::filesystem::temp_directory_path() / "gneiss-XXXXXX").string();
  CHECK(::mkdtemp(name.data()) != nullptr) << "no temporary directory below " << name;
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace gneiss::engine::testing
