#include "import/catalog.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "base/error.hpp"
#include "import/gpu_name.hpp"
#include "import/split_host.hpp"
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

TEST_CASE("the memory of one GPU is its own, whatever the catalog's other rows leave open",
          "[import]") {
  const TemporaryDirectory folder;
  const auto read = [&](const std::string& rows) {
    const auto path = folder.path() / "vms.csv";
    std::ofstream(path) << "InstanceType,AcceleratorName,AcceleratorCount,GpuInfo,Price\n" << rows;
    return import_catalog(path, "x", "2026-01-31");
  };
  const std::string info = "\"{'Gpus': [{'Name': 'X', 'MemoryInfo': {'SizeInMiB': 40960}}]}\"";
  // Two of 40 GB, or 40 GB in all: no board of that name says which.
  const CatalogImport open = read("i1,X,1," + info + ",1\ni2,X,2," + info + ",2\n");
  CHECK(offer(open, "i1").gpu_memory_gb == 40);
  CHECK(offer(open, "i2").gpu_memory_gb == 0);
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

TEST_CASE("a GPU whose name is its memory alone is left out with a warning", "[import]") {
  const TemporaryDirectory folder;
  const auto path = folder.path() / "vms.csv";
  std::ofstream(path) << "InstanceType,AcceleratorName,AcceleratorCount,Price\n"
                         "i1,-80GB,1,1\ni2,Nvidia,1,1\ni3,T4,1,1\n";
  const CatalogImport imported = import_catalog(path, "x", "2026-01-31");
  CHECK(imported.snapshot.offers.size() == 1);
  CHECK(imported.skipped == 2);
  REQUIRE(imported.warnings.size() == 2);
  CHECK(imported.warnings[0].find("vms.csv:2: '-80GB' names no board") != std::string::npos);
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

TEST_CASE(
    "bytes that are no UTF-8 in a catalogue are replaced in what is written, controls escaped",
    "[import]") {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "vms.csv";
  std::ofstream(path) << "InstanceType,AcceleratorName,AcceleratorCount,Price,SpotPrice,Region\n"
                         "a\xFF,A100,1,2.5,,eu\x7f\x01\xF7\x9F\x98\x80\n";
  const CatalogImport imported = import_catalog(path, "vast", "2026-01-31");
  REQUIRE(imported.snapshot.offers.size() == 1);
  CHECK(imported.snapshot.offers[0].instance == "a\uFFFD");
  std::ofstream(directory.path() / "written.toml") << to_toml(imported.snapshot);
  const auto written = config::load_prices(directory.path() / "written.toml", "x").offers[0];
  CHECK(written.instance == "a\uFFFD");
  CHECK(written.region == imported.snapshot.offers[0].region);
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

namespace {

CatalogImport import_text(const std::string& text, const std::string& provider = "x") {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "vms.csv";
  std::ofstream(path) << text;
  return import_catalog(path, provider, "2026-01-31");
}

}  // namespace

TEST_CASE("a host and its GPUs in rows of their own are added up", "[import]") {
  const CatalogImport split = import("gcp_split.csv", "gcp");
  REQUIRE(split.snapshot.offers.size() == 2);
  CHECK(offer(split, "a2-ultragpu-1g").price_instance == 5.03);
  CHECK(offer(split, "a2-ultragpu-1g").profile == "a100-80g");
  CHECK(offer(split, "a2-ultragpu-1g", true).price_instance == 2.01);
  // The others' hosts do not stand in the file: the price of the GPU alone is no offer.
  CHECK(split.skipped == 2);
  REQUIRE(split.warnings.size() == 2);
  CHECK(split.warnings[0].find("gcp_split.csv:4: 2 'T4' without the price of a host") !=
        std::string::npos);
  CHECK(host_carries("a2-highgpu-8g", "A100", 8));
  CHECK_FALSE(host_carries("a2-highgpu-8g", "A100-80GB", 8));
  CHECK_FALSE(host_carries("a2-highgpu-8g", "A100", 4));
  CHECK(host_carries("g2-standard-24", "L4", 2));
  CHECK_FALSE(host_carries("n1-standard-8", "T4", 1));
}

TEST_CASE("one bad row is counted and left out, the rest is imported", "[import]") {
  const CatalogImport fraction = import("frac_gpu.csv", "x");
  CHECK(fraction.snapshot.offers.size() == 1);
  CHECK(fraction.bad == 1);
  CHECK(fraction.warnings.at(0).find("frac_gpu.csv:3: AcceleratorCount = '0.25'") !=
        std::string::npos);
  const std::string table = "InstanceType,AcceleratorName,AcceleratorCount,Price\n";
  for (const char* bad : {"b,H100,1", "b,H100,1,two", "b,H100,1,-2", "b,H100,1,1e18",
                          "b,H100,1,nan", "b,H100,1e39,2", "b,H100,1,\"2,5\""}) {
    const CatalogImport mixed = import_text(table + bad + "\na,RTX4090,1,0.4\n");
    CAPTURE(bad);
    CHECK(mixed.snapshot.offers.size() == 1);
    CHECK(mixed.bad == 1);
    CHECK(mixed.rows == 2);
  }
  const CatalogImport list = import_text(
      R"([{"gpu_name": "A100", "gpu_count": 1e39, "price": 1}, 7, {"gpu_name": 3},
          {"gpu_name": "H100", "gpu_count": 1, "price": 2, "instance_name": "sxm"}])");
  CHECK(list.bad == 3);
  CHECK(list.snapshot.offers.size() == 1);
}

TEST_CASE("names, forms and memory are read from the catalog's own columns", "[import]") {
  const CatalogImport json = import("json_gpuinfo.csv", "x");
  REQUIRE(json.snapshot.offers.size() == 4);
  for (const char* instance : {"i1", "i2", "i3"}) {
    CHECK(offer(json, instance).profile == "a100-80g");
    CHECK(offer(json, instance).gpu_memory_gb == 80);
  }
  CHECK(offer(json, "i4").profile == "rtx-4090");
  CHECK(offer(json, "i4").gpu_memory_gb == 24);
  CHECK(json.warnings.empty());
  const auto profile = [](const char* name) { return profile_of(parse_gpu_name(name)); };
  CHECK(profile("NVIDIA A100-SXM4-80GB") == "a100-80g");
  CHECK(profile("A100 PCIe 40GB") == "a100-40g");
  CHECK(profile("NVIDIA H100 80GB HBM3") == "h100-sxm");
  CHECK(profile("H100_NVL") == "h100-nvl");
  CHECK(profile("NVIDIA GeForce RTX 4090") == "rtx-4090");
  CHECK(profile("RTX 4090 D") == "rtx-4090-d");
  CHECK(profile("NVIDIA RTX 6000 Ada Generation") == "rtx-6000-ada");
  CHECK(profile("L40S") == "l40s");
  CHECK(parse_gpu_name("A100 MIG 1g.5gb").slice);
}

TEST_CASE("offers of equal price are told apart by instance and GPU", "[import]") {
  const CatalogImport one = import_text(
      "InstanceType,AcceleratorName,AcceleratorCount,Price,Region\n"
      "a,L4,1,0.7,r\nb,L4,1,0.7,r\na,L4,1,0.7,r\na,T4,1,0.7,r\n");
  CHECK(one.snapshot.offers.size() == 3);
}

TEST_CASE("gpuhunt's table is read as its list is", "[import]") {
  const CatalogImport table = import_text(
      "instance_name,location,price,cpu,memory,gpu_count,gpu_name,gpu_memory,spot,disk_size\n"
      "a,r,2.4,8,64,2,A100,80.0,False,\nb,r,0.1,8,64,0,,,False,\n");
  REQUIRE(table.snapshot.offers.size() == 1);
  CHECK(table.snapshot.offers[0].price_gpu == 1.2);
  CHECK(table.snapshot.offers[0].profile == "a100-80g");
  CHECK(table.skipped == 1);
}

TEST_CASE("a day that the calendar does not have is refused", "[import]") {
  for (const char* date : {"2026-02-29", "2026-04-31", "2026-13-01", "2026-00-10", "2026-1-1"})
    CHECK_THROWS_WITH(import_catalog(kCatalogs / "vast.csv", "vast", date),
                      Catch::Contains("expected the day of the prices"));
  CHECK_NOTHROW(import_catalog(kCatalogs / "vast.csv", "vast", "2024-02-29"));
}

}  // namespace repro::imports
