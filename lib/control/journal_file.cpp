// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/journal_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <system_error>

namespace fairway::control {
namespace {

namespace fs = std::filesystem;

constexpr mode_t file_mode = 0640;

base::Error reason() { return {std::generic_category().message(errno)}; }

base::Result<void> make_directory_of(const std::string& path) {
  const fs::path directory = fs::path(path).parent_path();
  std::error_code error;
  if (directory.empty() || fs::is_directory(directory, error)) return {};
  fs::create_directory(directory, error);
  if (error) return base::Error{"cannot make the directory " + directory.string() + ": " + error.message()};
  return {};
}

/// Whether the path still means this file: another director may have put a new one there meanwhile.
bool is_still(const std::string& path, int descriptor) {
  struct stat here {
  }, there{};
  return fstat(descriptor, &here) == 0 && stat(path.c_str(), &there) == 0 && here.st_dev == there.st_dev &&
         here.st_ino == there.st_ino;
}

}  // namespace

void JournalFile::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

base::Result<JournalFile> JournalFile::open(const std::string& path) {
  std::signal(SIGXFSZ, SIG_IGN);  // a limit of a file's size is an error like any other
  if (auto made = make_directory_of(path); !made) return made.error();
  while (true) {
    JournalFile file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, file_mode));
    if (file.descriptor_ < 0 && errno == EROFS) file = JournalFile(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.descriptor_ < 0) return reason();
    struct stat status {};
    if (fstat(file.descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) return base::Error{"it is no file"};
    if (flock(file.descriptor_, LOCK_EX | LOCK_NB) != 0)
      return errno == EWOULDBLOCK ? base::Error{"another director has it"} : reason();
    if (is_still(path, file.descriptor_)) return file;
  }
}

base::Result<JournalFile> JournalFile::make(const std::string& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return reason();
  JournalFile file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, file_mode));
  if (file.descriptor_ < 0 || flock(file.descriptor_, LOCK_EX | LOCK_NB) != 0) return reason();
  return file;
}

base::Result<std::string> JournalFile::read() const {
  struct stat status {};
  if (fstat(descriptor_, &status) != 0) return reason();
  return read(static_cast<std::uint64_t>(status.st_size));
}

base::Result<std::string> JournalFile::read(std::uint64_t size) const {
  std::string text(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = pread(descriptor_, text.data() + done, size - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return reason();
    if (got == 0) return base::Error{"it is shorter than it was"};
    done += static_cast<std::size_t>(got);
  }
  return text;
}

base::Result<void> JournalFile::write_at(std::uint64_t offset, std::string_view text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t wrote =
        pwrite(descriptor_, text.data() + done, text.size() - done, static_cast<off_t>(offset + done));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) {
      const base::Error error = reason();
      if (auto cut = cut_at(offset); !cut) return cut;
      return error;
    }
    done += static_cast<std::size_t>(wrote);
  }
  return {};
}

base::Result<void> JournalFile::cut_at(std::uint64_t size) {
  if (ftruncate(descriptor_, static_cast<off_t>(size)) != 0) return reason();
  return {};
}

base::Result<void> JournalFile::sync() {
  if (fdatasync(descriptor_) != 0) return reason();
  return {};
}

base::Result<void> JournalFile::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return reason();
  // Without that a loss of power may bring the old one back, which is a whole journal too.
  fs::path directory = fs::path(to).parent_path();
  if (directory.empty()) directory = ".";
  if (const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); descriptor >= 0) {
    fsync(descriptor);
    ::close(descriptor);
  }
  return {};
}

void JournalFile::remove(const std::string& path) { unlink(path.c_str()); }

}  // namespace fairway::control
