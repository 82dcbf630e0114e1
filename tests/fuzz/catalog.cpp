// Price catalogs of others: what they give is a snapshot that can be written and read.
#include "import/catalog.hpp"

#include <cmath>

#include "target.hpp"

namespace repro::fuzz {

void read(std::string_view bytes) {
  const std::string provider = choose(bytes, 2) == 0 ? "" : "a-provider";
  const MemoryFile file(bytes);
  attempt([&] {
    auto imported = imports::import_catalog(file.path(), provider, "2026-01-31");
    for (const config::Offer& offer : imported.snapshot.offers)
      require(std::isfinite(offer.price_gpu) && offer.price_gpu > 0, "a price is above nothing");
    if (imported.snapshot.offers.empty()) return;
    const MemoryFile written(to_toml(imported.snapshot));
    try {
      config::load_prices(written.path(), "x.toml");
    } catch (const Error& error) {
      misread(std::string("what was written is refused: ") + error.what());
    }
  });
}

}  // namespace repro::fuzz
