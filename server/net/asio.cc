// Asio's own code, compiled once.
//
// A header of the standard library comes first, as in every other file: what Asio finds in it
// decides how Asio allocates, and that must be the same everywhere.
// clang-format off
#include <cstdlib>

#include <asio/impl/src.hpp>
// clang-format on
