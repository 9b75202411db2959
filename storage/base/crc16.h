// CRC16-XMODEM (polynomial 0x1021, initial value 0): its lower 14 bits are a key's cluster slot.
#pragma once

#include <cstdint>
#include <string_view>

namespace spinel::storage {

uint16_t crc16(std::string_view bytes);

}  // namespace spinel::storage
