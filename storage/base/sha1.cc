#include "storage/base/sha1.h"

#include <openssl/evp.h>

#include "storage/base/assert.h"

namespace spinel::storage {

Sha1Digest sha1(std::string_view bytes) {
  Sha1Digest digest{};
  unsigned size = 0;
  const int done =
      EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha1(), nullptr);
  SPINEL_ASSERT(done == 1 && size == kSha1Bytes);
  return digest;
}

}  // namespace spinel::storage
