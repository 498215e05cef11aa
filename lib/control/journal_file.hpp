// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"

namespace fairway::control {

/// A file of this director alone, and what is done to it so that it lasts. Errors are the system's words: "No space left on
/// device".
class JournalFile {
 public:
  JournalFile() = default;
  ~JournalFile() { close(); }
  JournalFile(JournalFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  JournalFile& operator=(JournalFile&& other) noexcept {
    close();
    descriptor_ = std::exchange(other.descriptor_, -1);
    return *this;
  }

  /// Makes the file if it is not there, and its directory if that one's parent is. On a file system
  /// that has become read-only it can be read and no more. Error also if another process has it.
  static base::Result<JournalFile> open(const std::string& path);
  /// A new one of this name, whatever was there.
  static base::Result<JournalFile> make(const std::string& path);

  base::Result<std::string> read(std::uint64_t size) const;
  base::Result<std::string> read() const;
  /// All of it or, as if nothing had been done, none.
  base::Result<void> write_at(std::uint64_t offset, std::string_view text);
  base::Result<void> cut_at(std::uint64_t size);
  base::Result<void> sync();

  /// The first file takes the place of the second one, for good. Error: nothing has changed.
  static base::Result<void> rename(const std::string& from, const std::string& to);
  static void remove(const std::string& path);

 private:
  explicit JournalFile(int descriptor) : descriptor_(descriptor) {}
  void close();

  int descriptor_ = -1;
};

}  // namespace fairway::control
