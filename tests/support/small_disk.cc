#include "tests/support/small_disk.h"

#include <cstring>
#include <gtest/gtest.h>
#include <sys/mount.h>

namespace spinel::test {

namespace {

bool mount_tmpfs(const std::string& path, int size_kb, unsigned long flags) {
  const std::string options = "size=" + std::to_string(size_kb) + "k";
  return ::mount("none", path.c_str(), "tmpfs", flags, options.c_str()) == 0;
}

}  // namespace

SmallDisk::SmallDisk(int size_kb)
    : size_kb_(size_kb), mounted_(mount_tmpfs(directory_.path(), size_kb, 0)) {}

SmallDisk::~SmallDisk() {
  if (mounted_) ::umount2(path().c_str(), MNT_DETACH);
}

void SmallDisk::resize(int size_kb) {
  size_kb_ = size_kb;
  EXPECT_TRUE(mount_tmpfs(path(), size_kb, MS_REMOUNT)) << std::strerror(errno);
}

void SmallDisk::make_read_only() {
  EXPECT_TRUE(mount_tmpfs(path(), size_kb_, MS_REMOUNT | MS_RDONLY)) << std::strerror(errno);
}

void SmallDisk::make_writable() {
  resize(size_kb_);
}

}  // namespace spinel::test
