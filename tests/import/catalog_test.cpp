#include "import/catalog.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "base/error.hpp"
#include "temporary_directory.hpp"

namespace repro::imports {
namespace {

const std::filesystem::path kCatalogs = std::filesystem::path(REPRO_TESTS) / "import" / "catalogs";

CatalogImport import(const std::string& file, const std::string& provider) {
  return import_catalog(kCatalogs / file, provider, "2026-01-31");
}

const config::Offer& offer(const CatalogImport& imported, const std::string& instance,
                           bool spot = false) {
  for (const config::Offer& one : imported.snapshot.offers)
    if (one.instance == instance && one.spot == spot) return one;
  FAIL("no offer '" << instance << "'");
  return imported.snapshot.offers.front();
}

std::string error_of(const std::string& csv) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "vms.csv";
  std::ofstream(path) << csv;
  try {
    import_catalog(path, "vast", "2026-01-31");
  } catch (const Error& error) {
    CHECK(error.exit() == Exit::bad_input);
    const std::string message = error.what();
    return message.substr(message.find("vms.csv"));
  }
  return "no error";
}

}  // namespace

TEST_CASE("a catalogue's price is of the instance and is divided by its GPUs", "[import]") {
  const CatalogImport vast = import("vast.csv", "vast");
  const config::Offer& four = offer(vast, "4x-RTX_4090-32-65536");
  CHECK(four.price_instance == 1.39);
  CHECK(four.price_gpu == Approx(0.3475));
  CHECK(four.profile == "rtx-4090");
  CHECK(four.region == "Germany, DE, EU");
  // Four boards are cheaper each than one: prices do not scale with the count.
  CHECK(offer(vast, "1x-RTX_4090-32-65536").price_gpu == 0.40);
}

TEST_CASE("a spot price of zero is no offer, one equal to the price neither", "[import]") {
  for (const config::Offer& one : import("vast.csv", "vast").snapshot.offers) CHECK_FALSE(one.spot);
  const CatalogImport runpod = import("runpod.csv", "runpod");
  int spots = 0;
  for (const config::Offer& one : runpod.snapshot.offers) spots += one.spot ? 1 : 0;
  CHECK(spots == 1);
  CHECK(offer(runpod, "2x_A100-80GB_SECURE", true).price_gpu == Approx(1.05));
}

TEST_CASE("memory is told apart as of one GPU, of all, or gigabytes called MiB", "[import]") {
  CHECK(offer(import("vast.csv", "vast"), "4x-RTX_4090-32-65536").gpu_memory_gb == 24);
  CHECK(offer(import("lambda.csv", "lambda"), "gpu_8x_v100").gpu_memory_gb == 16);
  CHECK(offer(import("lambda.csv", "lambda"), "gpu_2x_a6000").gpu_memory_gb == 48);
  CHECK(offer(import("runpod.csv", "runpod"), "1x_A100-80GB_SECURE").gpu_memory_gb == 80);
}

TEST_CASE("the same name with 40 or 80 GB is two devices", "[import]") {
  const CatalogImport vast = import("vast.csv", "vast");
  CHECK(offer(vast, "1x-A100_SXM4-32-65536").profile == "a100-40g");
  CHECK(offer(vast, "1x-A100_PCIE-32-65536").profile == "a100-80g");
  CHECK(offer(vast, "1x-H100_SXM-32-65536").profile == "h100-sxm");
  // 81,920 MiB over two boards is 40 GB each, not two of 80.
  CHECK(offer(vast, "2x-A100_SXM4-32-65536").profile == "a100-40g");
}

TEST_CASE("a 4090 rebuilt to 48 GB is left out with a warning", "[import]") {
  const CatalogImport vast = import("vast.csv", "vast");
  REQUIRE(vast.warnings.size() == 1);
  CHECK(vast.warnings[0].find("vast.csv:4: 'RTX4090' with 48 GB") != std::string::npos);
  CHECK(vast.skipped == 1);
  CHECK(vast.rows == 7);
}

TEST_CASE("columns are found by heading, machines without accelerator are counted", "[import]") {
  const CatalogImport lambda = import("lambda.csv", "lambda");
  CHECK(lambda.rows == 3);
  CHECK(lambda.skipped == 1);
  CHECK(offer(lambda, "gpu_8x_v100").price_gpu == Approx(0.79));
  CHECK(import("runpod.csv", "runpod").snapshot.offers.size() == 3);  // zones are not counted twice
}

TEST_CASE("gpuhunt's offers keep provider, spot and memory", "[import]") {
  const CatalogImport hunt = import("gpuhunt.json", "");
  CHECK(hunt.skipped == 1);
  CHECK(offer(hunt, "1A100.22V").profile == "a100-80g");
  CHECK(offer(hunt, "1A100.22V").provider == "datacrunch");
  CHECK(offer(hunt, "2A100.44V", true).price_gpu == 0.5);
}

TEST_CASE("an imported snapshot is written, read back and equal", "[import]") {
  const TemporaryDirectory directory;
  const CatalogImport vast = import("vast.csv", "vast");
  const auto path = directory.path() / "vast-2026-01-31.toml";
  std::ofstream(path) << to_toml(vast.snapshot);
  const config::PriceSnapshot read = config::load_prices(path, "vast.toml");
  CHECK(read.name == vast.snapshot.name);
  CHECK(read.date == "2026-01-31");
  CHECK(read.source.find("sha256") != std::string::npos);
  REQUIRE(read.offers.size() == vast.snapshot.offers.size());
  for (size_t i = 0; i < read.offers.size(); ++i) {
    CHECK(read.offers[i].profile == vast.snapshot.offers[i].profile);
    CHECK(read.offers[i].price_gpu == vast.snapshot.offers[i].price_gpu);
    CHECK(read.offers[i].region == vast.snapshot.offers[i].region);
  }
}

TEST_CASE("a damaged catalogue is refused at its line", "[import]") {
  const std::string header = "AcceleratorName,AcceleratorCount,Price,SpotPrice\n";
  CHECK(error_of("AcceleratorName,AcceleratorCount,Prices\n") ==
        "vms.csv:1: no column 'Price' (did you mean 'Prices'?); the first line names "
        "AcceleratorName, AcceleratorCount, Prices");
  CHECK(error_of(header + "H100,1,2.0\n") ==
        "vms.csv:2: 3 cells, expected 4 as in the first line; the row is damaged or the file "
        "truncated");
  CHECK(error_of(header + "H100,1,-2.0,\n") ==
        "vms.csv:2: Price = -2.0: must not be negative; mend or remove the row");
  CHECK(error_of(header + "H100,1,two,\n") ==
        "vms.csv:2: Price = 'two': not a number; mend or remove the row");
  CHECK(error_of(header + "H100,0,2.0,\n") ==
        "vms.csv:2: AcceleratorCount = '0': expected a whole number of at least 1");
  CHECK(error_of(header + "\"H100,1,2.0,\n") ==
        "vms.csv:2: a quote is not closed; the file is truncated");
  CHECK(error_of("") == "vms.csv:1: the file is empty; expected a line of column names");
}

TEST_CASE("a date that is no day and a CSV without provider are usage errors", "[import]") {
  CHECK_THROWS_WITH(import_catalog(kCatalogs / "vast.csv", "vast", "January"),
                    Catch::Contains("expected the day of the prices"));
  CHECK_THROWS_WITH(import("vast.csv", ""), Catch::Contains("add --provider"));
}

}  // namespace repro::imports
