// Token shards of a prepared corpus.
#include "data/tokens/token_shards.hpp"

#include <vector>

#include "target.hpp"

namespace repro::fuzz {

void read(std::string_view bytes) {
  const MemoryFile file(bytes);
  attempt([&] {
    const data::TokenShards shards(file.path());
    std::vector<int32_t> tokens(static_cast<size_t>(shards.tokens()));
    shards.read(0, tokens);
    int64_t end = 0;
    for (int64_t document = 0; document < shards.documents(); ++document) {
      require(shards.document_begin(document) == end, "documents follow one another");
      end = shards.document_end(document);
    }
    require(end == shards.tokens(), "documents are all of the tokens");
    const data::PieceBytes& pieces = shards.piece_bytes();
    require(pieces.bytes.size() == pieces.leading_space.size(), "a piece has both");
  });
}

}  // namespace repro::fuzz
