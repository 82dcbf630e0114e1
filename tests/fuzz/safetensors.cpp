// Weights and embedding tables.
#include "base/safetensors.hpp"

#include "data/tokens/embedding_table.hpp"
#include "target.hpp"

namespace repro::fuzz {

void read(std::string_view bytes) {
  const MemoryFile file(bytes);
  attempt([&] {
    const SafetensorsView view(file.path());
    size_t data = 0;
    for (const auto& [name, tensor] : view.tensors()) {
      const size_t width = safetensors_element_bytes(tensor.dtype);
      require(tensor.data.size() == static_cast<size_t>(tensor.elements()) * width,
              "a tensor has the bytes of its shape");
      data += tensor.data.size();
      // The ends of what it says is its own.
      if (!tensor.data.empty())
        require(std::to_integer<int>(tensor.data.front() ^ tensor.data.back()) < 256, "bytes");
    }
    require(data < bytes.size(), "tensors lie in the file");
    for (const auto& [name, tensor] : view.tensors()) {
      const data::Matrix table = data::read_table(file.path(), name);
      require(table.values.size() == static_cast<size_t>(table.rows * table.width),
              "a table is its rows");
    }
  });
}

}  // namespace repro::fuzz
