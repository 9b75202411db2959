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

namespace {

EVP_MD_CTX* context(void* state) {
  return static_cast<EVP_MD_CTX*>(state);
}

}  // namespace

Sha1Stream::Sha1Stream() : state_(EVP_MD_CTX_new()) {
  SPINEL_ASSERT(state_ != nullptr && EVP_DigestInit_ex(context(state_), EVP_sha1(), nullptr) == 1);
}

Sha1Stream::~Sha1Stream() {
  EVP_MD_CTX_free(context(state_));
}

void Sha1Stream::add(std::string_view bytes) {
  SPINEL_ASSERT(EVP_DigestUpdate(context(state_), bytes.data(), bytes.size()) == 1);
}

Sha1Digest Sha1Stream::finish() {
  Sha1Digest digest{};
  unsigned size = 0;
  const int done = EVP_DigestFinal_ex(context(state_), digest.data(), &size);
  SPINEL_ASSERT(done == 1 && size == kSha1Bytes);
  return digest;
}

}  // namespace spinel::storage
