#include "forecast/throughput.hpp"
#include "base/file.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <set>

#include "base/error.hpp"
#include "temporary_directory.hpp"

namespace repro::forecast {
namespace {

const fs::path kRoot = REPRO_SOURCE_ROOT;

config::Profile profile(const std::string& name) { return config::find_profile(kRoot, name); }

ThroughputModel shipped() { return {find_throughput_vectors(kRoot), profile}; }

// A dense model of 7B on eight A100, as one of the vectors has it.
TrainingSetting like_v01() {
  return {.profile = "a100-80g",
          .chip = "GA100",
          .eight_bit = false,
          .balance = 2.039e12 / 312e12,
          .recompute = Recompute::none,
          .parameters = 6.65e9,
          .active = 6.65e9,
          .sequence = 2048,
          .devices = 8};
}

const std::string kHeading =
    "id,model,profile,devices,parallelism,sequence,batch,dtype,recompute,parameters,active,layers,"
    "attention_width,tokens_per_second,flops_per_second,memory_gib,printed,source\n";

std::vector<ThroughputVector> load(const std::string& text) {
  const TemporaryDirectory folder;
  std::ofstream(folder.path() / "v.csv") << text;
  return load_throughput_vectors(folder.path() / "v.csv", "v.csv");
}

}  // namespace

TEST_CASE("every shipped throughput has a known device, a source and an id of its own",
          "[forecast]") {
  const std::vector<ThroughputVector> vectors = find_throughput_vectors(kRoot);
  CHECK(vectors.size() >= 30);
  std::set<std::string> ids;
  for (const ThroughputVector& vector : vectors) {
    CAPTURE(vector.id);
    CHECK(ids.insert(vector.id).second);
    CHECK_FALSE(vector.source.empty());
    CHECK((vector.flops_per_second || vector.memory_gib));
    const auto peak = tensor_peak(profile(vector.profile), vector.dtype);
    REQUIRE(peak);
    if (vector.flops_per_second) CHECK(*vector.flops_per_second < *peak);
  }
}

TEST_CASE("a vector's FLOPs are its tokens by 6 N and causal attention", "[forecast]") {
  const auto vectors = load(kHeading +
                            "# a remark\n\nV1a,\"M, a model\",a100-80g,8,FSDP,2048,16,bf16,full,"
                            "1100,1000,2,10,50,,,\"said \"\"so\"\"\",there\n");
  REQUIRE(vectors.size() == 1);
  const ThroughputVector& vector = vectors.front();
  CHECK(vector.model == "M, a model");
  CHECK(vector.printed == "said \"so\"");
  CHECK(vector.run() == "V1");
  CHECK(vector.flops_per_second == Approx(50 * (6.0 * 1000 + 6.0 * 2 * 10 * 2048)));
  CHECK(extra_work(vector.recompute) == Approx(4.0 / 3));
}

TEST_CASE("a damaged file of throughputs is refused with its line", "[forecast]") {
  const auto row = [](const std::string& devices, const std::string& dtype,
                      const std::string& source) {
    return "V1,M,a100-80g," + devices + ",FSDP,2048,16," + dtype + ",none,9,9,2,10,50,,,p," +
           source + "\n";
  };
  CHECK(load(kHeading + row("8", "bf16", "s")).size() == 1);
  CHECK_THROWS_WITH(load(kHeading + row("0", "bf16", "s")),
                    Catch::StartsWith("v.csv:2: devices = '0': expected a number from 1"));
  CHECK_THROWS_WITH(load(kHeading + row("nan", "bf16", "s")),
                    Catch::StartsWith("v.csv:2: devices"));
  CHECK_THROWS_WITH(load(kHeading + row("8", "bf61", "s")),
                    Catch::Contains("did you mean 'bf16'?"));
  CHECK_THROWS_WITH(load(kHeading + row("8", "bf16", "")), "v.csv:2: source is blank");
  CHECK_THROWS_WITH(load(kHeading + row("8", "bf16", "s") + row("8", "bf16", "s")),
                    "v.csv:3: id 'V1' is given twice");
  CHECK_THROWS_WITH(load(kHeading + "V1,M\n"), "v.csv:2: 2 cells, expected 18 as in the heading");
  CHECK_THROWS_WITH(load(kHeading + "\"V1\n"), "v.csv:2: a quote is not closed");
  CHECK_THROWS_WITH(load("id,model\nV1,M\n"), "v.csv:2: no column 'profile'");
  CHECK_THROWS_WITH(load(std::string((1 << 20) + 1, '#')), Catch::Contains("at most 1048576"));
  const TemporaryDirectory nothing;
  CHECK(find_throughput_vectors(nothing.path()).empty());
}

TEST_CASE("distance is that of nothing from itself, grows with what differs, and is symmetric",
          "[forecast]") {
  const TrainingSetting a = like_v01();
  CHECK(distance(a, a) == 0);
  const auto changed = [&](auto change) {
    TrainingSetting b = a;
    change(b);
    CHECK(distance(a, b) == Approx(distance(b, a)));
    return distance(a, b);
  };
  CHECK(changed([](TrainingSetting& b) { b.active *= 2, b.parameters *= 2; }) == Approx(0.15));
  CHECK(changed([](TrainingSetting& b) { b.parameters *= 4; }) == Approx(1));
  CHECK(changed([](TrainingSetting& b) { b.sequence /= 2; }) == Approx(0.2));
  CHECK(changed([](TrainingSetting& b) { b.devices *= 4; }) == Approx(0.1));
  CHECK(changed([](TrainingSetting& b) { b.profile = "a100-40g"; }) == Approx(0.4));
  CHECK(changed([](TrainingSetting& b) { b.profile = "x", b.chip = "Y"; }) == Approx(1));
  CHECK(changed([](TrainingSetting& b) { b.profile = "x", b.chip = ""; }) == Approx(1));
  CHECK(changed([](TrainingSetting& b) { b.recompute = Recompute::full; }) == Approx(0.5));
  CHECK(changed([](TrainingSetting& b) { b.eight_bit = true; }) == Approx(0.7));
}

TEST_CASE("nine of ten throughputs that are left out lie in their interval", "[forecast]") {
  const ThroughputModel model = shipped();
  const SelfTest test = model.selftest();
  CHECK(test.vectors.size() >= 28);
  CHECK(test.with_evidence >= 25);
  CHECK(static_cast<double>(test.inside) >= 0.9 * static_cast<double>(test.with_evidence));
  CHECK(test.dense >= 20);
  CHECK(test.median_error < 0.15);
  for (const LeftOut& one : test.vectors) {
    CAPTURE(one.vector->id);
    CHECK(one.estimate.evidence == (one.estimate.distance() <= ThroughputModel::kFar));
    for (const Neighbour& near : one.estimate.nearest)
      CHECK(near.vector->run() != one.vector->run());
  }
}

TEST_CASE("an answer names its nearest vectors, and far from all there is no evidence",
          "[forecast]") {
  const ThroughputModel model = shipped();
  const SpeedEstimate near = model.estimate(like_v01());
  CHECK(near.nearest.front().vector->id == "V01");
  CHECK(near.distance() < 0.01);
  CHECK(near.evidence);
  CHECK((near.range.low < near.utilisation && near.utilisation < near.range.high));

  TrainingSetting elsewhere = like_v01();
  elsewhere.profile = "l40s";
  elsewhere.chip = "AD102";
  elsewhere.devices = 1;
  elsewhere.sequence = 1024;
  const SpeedEstimate far = model.estimate(elsewhere);
  CHECK(far.distance() > ThroughputModel::kFar);
  CHECK_FALSE(far.evidence);
  // Wider by the distance.
  CHECK(far.range.high / far.range.low > near.range.high / near.range.low);

  const ThroughputModel nothing({}, profile);
  CHECK(nothing.empty());
  CHECK(nothing.estimate(like_v01()).nearest.empty());
  CHECK_FALSE(nothing.estimate(like_v01()).evidence);
}

}  // namespace repro::forecast
