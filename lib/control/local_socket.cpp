// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/local_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace fairway::control {
namespace {

namespace fs = std::filesystem;

std::string reason() { return std::generic_category().message(errno); }

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

base::Result<void> check_path(const std::string& path) {
  constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
  if (path.size() > longest)
    return base::Error{"a socket's path has at most " + std::to_string(longest) + " characters"};
  const fs::path directory = fs::path(path).parent_path();
  std::error_code error;
  if (directory.empty() || fs::is_directory(directory, error)) return {};
  fs::create_directory(directory, error);
  if (error) return base::Error{"cannot make the directory " + directory.string() + ": " + error.message()};
  return {};
}

/// Makes room for a socket of this name.
base::Result<void> clear(const std::string& path, int kind) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode)) return base::Error{"there is a file of this name that is no socket"};
  const int probe = socket(AF_UNIX, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const sockaddr_un address = address_of(path);
  const bool is_answered = connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  const int error = is_answered || errno == EAGAIN ? 0 : errno;
  ::close(probe);
  if (error == 0) return base::Error{"another director answers there"};
  if (error != ECONNREFUSED) return base::Error{std::generic_category().message(error)};
  if (unlink(path.c_str()) != 0) return base::Error{reason()};
  return {};
}

}  // namespace

base::Result<LocalSocket> LocalSocket::listen(const std::string& purpose, const std::string& path, int kind,
                                              mode_t mode) {
  const auto failure = [&](const std::string& what) { return base::Error{purpose + " " + path + ": " + what}; };
  if (auto checked = check_path(path); !checked) return failure(checked.error().message);
  if (auto cleared = clear(path, kind); !cleared) return failure(cleared.error().message);
  LocalSocket made;
  made.descriptor_ = socket(AF_UNIX, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (made.descriptor_ < 0) return failure(reason());
  if (auto bound = made.bind(path, mode); !bound) return failure(bound.error().message);
  if (::listen(made.descriptor_, SOMAXCONN) != 0) return failure(reason());
  return made;
}

base::Result<void> LocalSocket::bind(const std::string& path, mode_t mode) {
  // Linux gives the file the mode of the unbound socket less the umask, so that it is never open to more than these.
  if (fchmod(descriptor_, mode) != 0) return base::Error{reason()};
  const sockaddr_un address = address_of(path);
  if (::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return base::Error{reason()};
  struct stat status {};
  if (chmod(path.c_str(), mode) != 0 || stat(path.c_str(), &status) != 0) return base::Error{reason()};
  path_ = path;
  device_ = status.st_dev;
  inode_ = status.st_ino;
  return {};
}

LocalSocket& LocalSocket::operator=(LocalSocket&& other) noexcept {
  close();
  descriptor_ = std::exchange(other.descriptor_, -1);
  path_ = std::exchange(other.path_, {});
  device_ = other.device_;
  inode_ = other.inode_;
  return *this;
}

void LocalSocket::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  struct stat status {};
  if (!path_.empty() && lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_)
    unlink(path_.c_str());
  path_.clear();
}

}  // namespace fairway::control
