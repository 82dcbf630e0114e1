#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/file.hpp"
#include "base/text.hpp"
#include "cli/device_price.hpp"
#include "cli/numbers_given.hpp"
#include "cli/price_import.hpp"
#include "cli/price_view.hpp"
#include "cli/printing.hpp"
#include "cli/program.hpp"
#include "cli/verbs.hpp"
#include "report/written.hpp"

namespace repro::cli {
namespace {

struct PriceChoice {
  std::string table;
  std::string claims;              // "" = those that say how the table is priced
  std::string low, high, profile;  // "DEVICE" or "DEVICE=PRICE"
  std::string basis = "best";
  std::string prices = "paper";
  std::string offers = "skypilot-v8";
  std::string accounting = "makespan";
  double granularity = 0;
  double minimum = 0;
  std::optional<double> utilisation;
  fs::path output;
};

claims::Basis parse_basis(const std::string& text) {
  if (text == "paper") return claims::Basis::paper;
  if (text == "measured") return claims::Basis::measured;
  return text == "projected" ? claims::Basis::projected : claims::Basis::best;
}

// Price given, else the paper's for its own device, else the snapshot's median.
claims::Rented rent(const fs::path& root, const DeviceAtPrice& wanted,
                    const config::PriceSnapshot& prices, const config::PriceSnapshot& offers) {
  claims::Rented rented{
      .profile = config::find_profile(root, wanted.device), .price = 0, .offers = {}};
  if (const auto spread = offers.spread(rented.profile.name))
    rented.offers = measure::Interval{spread->minimum, spread->maximum};
  const auto known = prices.spread(rented.profile.name);
  if (!wanted.price && !known)
    throw Error("snapshot '{}' has no price of '{}'; write {}=PRICE, dollars an hour", prices.name,
                rented.profile.name, wanted.device);
  rented.price = wanted.price ? *wanted.price : known->median;
  return rented;
}

// Those that are named, or the only ones that say how the table is priced.
claims::Claims claims_for(const fs::path& root, const PriceChoice& choice) {
  if (!choice.claims.empty()) return claims::find_claims(root, choice.claims);
  std::vector<std::string> fitting, tables;
  for (const std::string& name : claims::claims_names(root))
    for (const claims::ClaimCheck& check : claims::find_claims(root, name).checks)
      if (const auto* price = std::get_if<claims::PriceCheck>(&check)) {
        tables.push_back(price->head.table);
        if (price->head.table == choice.table) fitting.push_back(name);
      }
  if (fitting.size() == 1) return claims::find_claims(root, fitting.front());
  if (fitting.empty())
    throw Error("no claims say how table '{}' is priced{}; tables that can be: {}", choice.table,
                did_you_mean(choice.table, tables), tables.empty() ? "none" : join(tables, ", "));
  throw Error("table '{}' is priced by several claims; say --claims {}", choice.table,
              join(fitting, " or --claims "));
}

struct Priced {
  claims::PricedTable table;
  std::vector<OfferedRatio> offers;
};

Priced price_table(const fs::path& root, const PriceChoice& choice) {
  const claims::Claims claims = claims_for(root, choice);
  const claims::PriceCheck& check = claims::price_check(claims, choice.table);
  const auto asked = [&](const std::string& own, const std::string& paper) {
    return parse_device(!own.empty() ? own : !choice.profile.empty() ? choice.profile : paper);
  };
  const DeviceAtPrice low = asked(choice.low, check.low_device);
  const DeviceAtPrice high = asked(choice.high, check.high_device);
  const config::PriceSnapshot prices = config::find_prices(root, choice.prices);
  const config::PriceSnapshot offers = config::find_prices(root, choice.offers);
  const claims::PriceQuestion question{
      .low = rent(root, low, prices, offers),
      .high = rent(root, high, prices, offers),
      .basis = parse_basis(choice.basis),
      .billing = {.accounting = choice.accounting == "usage" ? measure::Accounting::usage
                                                             : measure::Accounting::makespan,
                  .granularity_seconds = choice.granularity,
                  .minimum_seconds = choice.minimum},
      .utilisation = choice.utilisation};
  return {claims::price(claims, check, question, config::find_profile(root, check.low_device),
                        config::find_profile(root, check.high_device)),
          offered_ratios(offers, question.low.profile.name, question.high.profile.name)};
}

void write_files(const Priced& priced, const fs::path& folder) {
  make_directories(folder);
  const report::Table rows = price_rows(priced.table);
  report::Page page{.title = rows.title,
                    .blocks = {rows, price_hours(priced.table), price_conditions(priced.table)}};
  const report::Picture picture = price_picture(priced.table, priced.offers);
  std::vector<fs::path> files;
  const auto write = [&](const char* name, const std::string& text) {
    write_file_atomically(folder / name, text);
    files.push_back(folder / name);
  };
  if (report::gnuplot_found() && !picture.panels.empty()) {
    report::draw(picture, folder / "saving");
    for (const std::string& ending : report::drawn_endings())
      files.push_back(folder / ("saving" + ending));
    page.blocks.push_back(report::Figure{.name = "saving",
                                         .caption = "Saving over the price ratio",
                                         .svg = read_file(folder / "saving.svg")});
  }
  write("price.md", report::to_markdown(page));
  write("price.html", report::to_html(page));
  write("price.tex", report::to_latex(page));
  write("price.csv", report::to_csv(price_list(priced.table)));
  write("price.json", report::json_text(price_json(priced.table, priced.offers), 2) + "\n");
  report::keep_list(folder, "price", files);
}

Exit run_price(const Context& context, const PriceChoice& choice) {
  const Priced priced = price_table(context.root(), choice);
  if (!choice.output.empty()) write_files(priced, choice.output);
  if (context.json) {
    print(price_json(priced.table, priced.offers));
  } else {
    print(price_rows(priced.table));
    say("\n");
    print(price_hours(priced.table));
    say("\n");
    print(price_conditions(priced.table));
  }
  const auto& rows = priced.table.rows;
  const bool any =
      std::any_of(rows.begin(), rows.end(), [](const auto& row) { return row.priced; });
  return any ? Exit::ok : Exit::nothing_measured;
}

}  // namespace

claims::PricedTable priced_as_published(const fs::path& root, const std::string& table,
                                        const std::string& prices) {
  PriceChoice choice;
  choice.table = table;
  choice.prices = prices;
  return price_table(root, choice).table;
}

void add_price(Program& program) {
  CLI::App& verb = program.add_verb(
      "price", "a cost table at other prices and on other devices",
      "  repro price table3                                    the paper's own prices\n"
      "  repro price table3 --low rtx-4090=0.40 --high a100-80g=0.87\n"
      "  repro price table3 --profile mine=0.05                step times measured here\n"
      "  repro price table3 --low rtx-4090 --high mine=0.10    submodels there, the rest here\n"
      "  repro price table3 --high h100-sxm=1.87 --utilisation 0.4\n"
      "  repro price import vms.csv --provider vast --date 2026-01-31\n"
      "Prices are dollars a device and hour; none is ever fetched. Every number is marked by what "
      "it\n"
      "rests on: published, calibrated or projected.");
  auto choice = std::make_shared<PriceChoice>();
  // No `required`: `price import` is a verb of its own.
  verb.add_option("table", choice->table, "a table that the claims say how to price: table3");
  verb.add_option("--claims", choice->claims,
                  "a name of experiments/claims/, or a .toml file; default: those that price it");
  verb.add_option(
      "--low", choice->low,
      "the cheap device, of the phases that run side by side, as PROFILE or PROFILE=PRICE");
  verb.add_option("--high", choice->high, "the other phases' device, likewise");
  verb.add_option("--profile", choice->profile, "one device for both, likewise");
  verb.add_option(
          "--as", choice->basis,
          "hours of each device: paper's own; measured step times x the paper's steps; "
          "projected from the data sheet's peak; best = measured, else paper, else projected")
      ->check(CLI::IsMember({"best", "paper", "measured", "projected"}))
      ->capture_default_str();
  verb.add_option("--utilisation", choice->utilisation,
                  "of a data sheet's peak, to project with; without it the paper's own is kept")
      ->check(number_within(0, 1e6, "a share of the peak"));
  verb.add_option("--prices", choice->prices, "snapshot for devices without a price")
      ->capture_default_str();
  verb.add_option("--offers", choice->offers, "snapshot to mark on the curve and to spread over")
      ->capture_default_str();
  verb.add_option("--accounting", choice->accounting,
                  "makespan: all devices until the longest job ends; usage: each its own time")
      ->check(CLI::IsMember({"makespan", "usage"}))
      ->capture_default_str();
  verb.add_option("--billing-seconds", choice->granularity, "time is rounded up to this")
      ->check(number_within(0, 1e9, "seconds"));
  verb.add_option("--minimum-seconds", choice->minimum, "the least a device is billed a phase")
      ->check(number_within(0, 1e9, "seconds"));
  verb.add_option("--output", choice->output,
                  "also write Markdown, HTML, LaTeX, CSV, JSON and the curve into this folder");
  const auto import = add_price_import(program, verb);
  program.on(verb, [&program, &verb, choice, import] {
    if (verb.got_subcommand("import")) return import();
    if (choice->table.empty())
      throw Error(Exit::usage, "price: which table? `repro price --help` has examples");
    return run_price(program.context(), *choice);
  });
}

}  // namespace repro::cli
