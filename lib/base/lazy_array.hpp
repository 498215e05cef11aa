// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <new>
#include <utility>

namespace fairway::base {

/// An array of elements for which zero bytes are a valid value, in pages that come into being when they are first touched:
/// as large as it may ever have to be, it costs what is used of it.
template <class T>
class LazyArray {
 public:
  explicit LazyArray(std::size_t size) : bytes_(size * sizeof(T)) {
    void* memory = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    elements_ = static_cast<T*>(memory);
  }
  LazyArray(LazyArray&& other) noexcept
      : elements_(std::exchange(other.elements_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  LazyArray& operator=(LazyArray&&) = delete;
  ~LazyArray() {
    if (elements_) munmap(elements_, bytes_);
  }

  T* get() noexcept { return elements_; }
  const T* get() const noexcept { return elements_; }
  T& operator[](std::size_t i) noexcept { return elements_[i]; }
  const T& operator[](std::size_t i) const noexcept { return elements_[i]; }

 private:
  T* elements_;
  std::size_t bytes_;
};

}  // namespace fairway::base
