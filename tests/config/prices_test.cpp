#include "config/prices.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "base/error.hpp"
#include "temporary_directory.hpp"

namespace repro::config {
namespace {

const std::filesystem::path kRoot = REPRO_SOURCE_ROOT;

}  // namespace

TEST_CASE("every committed snapshot loads and the paper's has its two prices", "[config]") {
  for (const std::string& name : price_names(kRoot)) {
    CAPTURE(name);
    CHECK_NOTHROW(find_prices(kRoot, name));
  }
  const PriceSnapshot paper = find_prices(kRoot, "paper");
  CHECK(paper.spread("rtx-4090")->median == 0.35);
  CHECK(paper.spread("a100-80g")->median == 2.28);
  CHECK_FALSE(paper.spread("abacus"));
  CHECK_THROWS_WITH(find_prices(kRoot, "papper"), Catch::Contains("did you mean 'paper'?"));
}

TEST_CASE("a snapshot's spread leaves spot offers out unless asked", "[config]") {
  PriceSnapshot snapshot;
  for (const double price : {1.0, 3.0, 2.0, 10.0})
    snapshot.offers.push_back({.profile = "x",
                               .provider = "p",
                               .region = "",
                               .instance = "",
                               .gpu = "X",
                               .gpu_count = 2,
                               .price_instance = 2 * price,
                               .price_gpu = price});
  snapshot.offers.push_back({.profile = "x",
                             .provider = "p",
                             .region = "",
                             .instance = "",
                             .gpu = "X",
                             .spot = true,
                             .price_instance = 0.5,
                             .price_gpu = 0.5});
  CHECK(snapshot.spread("x")->minimum == 1.0);
  CHECK(snapshot.spread("x")->median == 2.5);
  CHECK(snapshot.spread("x")->maximum == 10.0);
  CHECK(snapshot.spread("x")->offers == 4);
  CHECK(snapshot.spread("x", true)->minimum == 0.5);
}

TEST_CASE("a GPU's price that is not its share of the instance is refused at its line",
          "[config]") {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "p.toml";
  std::ofstream(path) << "date = \"2026-01-31\"\nsource = \"s\"\n[[offers]]\nprofile = \"x\"\n"
                         "provider = \"p\"\ngpu_count = 4\nprice_instance = 1.4\nprice_gpu = 1.4\n";
  CHECK_THROWS_WITH(load_prices(path, "p.toml"),
                    "p.toml:3: price_gpu = 1.4: an instance of 4 at 1.4 makes 0.3500 a GPU; mend "
                    "one of them");
}

}  // namespace repro::config
