// What log lines advise when a system call on a file failed.
#pragma once

namespace spinel::server {

// A sentence without a full stop, for an errno.
const char* file_advice(int error);

}  // namespace spinel::server
