// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "base/result.hpp"

namespace fairway::control {

/// A listening unix socket and the file by which it is found, which goes with it.
class LocalSocket {
 public:
  LocalSocket() = default;
  /// Makes the socket, and its directory if that one's parent is there. Takes the place of a socket where nobody answers.
  /// `kind`: SOCK_STREAM or SOCK_SEQPACKET; `mode`: of the file. It neither blocks nor is inherited.
  /// Error: somebody does answer, or the path cannot be used; in words that name `purpose` ("control socket") and the path.
  static base::Result<LocalSocket> listen(const std::string& purpose, const std::string& path, int kind, mode_t mode);
  ~LocalSocket() { close(); }
  LocalSocket(LocalSocket&& other) noexcept { *this = std::move(other); }
  LocalSocket& operator=(LocalSocket&& other) noexcept;

  /// -1: none.
  int descriptor() const { return descriptor_; }
  /// The descriptor is the caller's from now on, the file is not.
  int release() { return std::exchange(descriptor_, -1); }
  /// Closes the descriptor, if it was not released, and removes the file, unless another director has put its own there.
  void close();

 private:
  base::Result<void> bind(const std::string& path, mode_t mode);

  int descriptor_ = -1;
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace fairway::control
