// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace gneiss::records {

// PooledContext lends a context of a compression library: large to allocate, slow to set up, good
// for many batches. It goes back to a small pool of the thread that lets it go.
//
// Kind says how: `Context`, `static Context* Create()` (nullptr without memory),
// `static void Destroy(Context*)` and `static bool Reset(Context*)`, which makes it as new and
// tells whether it is worth keeping (one that has grown very large is not).
template <class Kind>
class PooledContext {
 public:
  using Context = typename Kind::Context;

  PooledContext() : context_(Take()) {}
  ~PooledContext() {
    constexpr std::size_t kPoolMax = 4;  // a stream that reads and one that writes, and to spare
    if (Kind::Reset(context_.get()) && Pool().size() < kPoolMax) {
      Pool().push_back(std::move(context_));
    }
  }
  PooledContext(const PooledContext&) = delete;
  PooledContext& operator=(const PooledContext&) = delete;

  Context* get() const { return context_.get(); }
  Context* operator->() const { return context_.get(); }

 private:
  struct Deleter {
    void operator()(Context* context) const { Kind::Destroy(context); }
  };
  using Owner = std::unique_ptr<Context, Deleter>;

  static std::vector<Owner>& Pool() {
    thread_local std::vector<Owner> pool;
    return pool;
  }
  static Owner Take() {
    if (!Pool().empty()) {
      Owner context = std::move(Pool().back());
      Pool().pop_back();
      return context;
    }
    Owner context(Kind::Create());
    if (context == nullptr) throw std::bad_alloc();
    return context;
  }

  Owner context_;
};

}  // namespace gneiss::records
