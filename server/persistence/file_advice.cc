#include "server/persistence/file_advice.h"

#include <cerrno>

namespace spinel::server {

const char* file_advice(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return "Free some space on that disk";
    case EROFS:
    case EACCES:
    case EPERM:
      return "Make the directory and its files writable for this process, or change 'dir'";
    case ENOENT:
    case ENOTDIR:
      return "Make the directory, or change 'dir'";
    case EMFILE:
    case ENFILE:
      return "Raise the limit of open files";
    default:
      return "Check the disk";
  }
}

}  // namespace spinel::server
