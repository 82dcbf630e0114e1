#pragma once
// A one-file HTTP server on the loopback interface, whose manners a test chooses.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace repro {

class HttpServer {
 public:
  struct Manners {
    std::string body;
    int status = 200;             // of every answer; 200 also allows 206
    bool ranges = true;           // honours "Range: bytes=N-"
    size_t cut_first_answer = 0;  // closes the first connection after this many bytes of body
    int failures = 0;             // answers 503 this many times first
    std::string tag = "\"1\"";    // the file's ETag; "" = none
    std::string raw = "";         // sent as it is instead of any answer; the rest is not looked at
    bool silent = false;          // accepts, and says nothing
  };

  explicit HttpServer(Manners manners) : manners_(std::move(manners)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address));
    ::listen(listener_, 4);
    socklen_t size = sizeof(address);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~HttpServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }

  std::string address(const std::string& file) const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/" + file;
  }
  std::vector<size_t> range_begins() {  // of each request; 0 = from the start
    const std::lock_guard lock(mutex_);
    return begins_;
  }

 private:
  void serve() {
    while (true) {
      const int connection = ::accept(listener_, nullptr, nullptr);
      if (connection < 0) return;
      answer(connection);
      ::close(connection);
    }
  }

  void answer(int connection) {
    std::string request;
    char buffer[4096];
    while (request.find("\r\n\r\n") == std::string::npos) {
      const ssize_t got = ::recv(connection, buffer, sizeof(buffer), 0);
      if (got <= 0) return;
      request.append(buffer, static_cast<size_t>(got));
    }
    const size_t range = request.find("Range: bytes=");
    size_t begin = range == std::string::npos ? 0 : std::stoul(request.substr(range + 13));
    size_t number = 0;
    {
      const std::lock_guard lock(mutex_);
      begins_.push_back(begin);
      number = begins_.size();
    }
    if (manners_.silent) return void(::recv(connection, buffer, sizeof(buffer), 0));
    if (!manners_.raw.empty()) return send_all(connection, manners_.raw);
    // Another file by now: the range is not of what the other side has begun.
    const size_t condition = request.find("If-Range: ");
    const bool changed =
        condition != std::string::npos &&
        !std::string_view(request).substr(condition + 10).starts_with(manners_.tag + "\r\n");
    if (static_cast<int>(number) <= manners_.failures) return send(connection, "503 Busy", "", 0);
    if (manners_.status != 200)
      return send(connection, std::to_string(manners_.status) + " No", "", 0);
    if (!manners_.ranges || changed) begin = 0;
    if (begin > 0 && begin >= manners_.body.size())
      return send(connection, "416 Range Not Satisfiable", "", 0);
    const std::string body = manners_.body.substr(begin);
    const bool cut = number == 1 && manners_.cut_first_answer > 0;
    const std::string content_range = begin == 0
                                          ? ""
                                          : "Content-Range: bytes " + std::to_string(begin) + "-" +
                                                std::to_string(manners_.body.size() - 1) + "/" +
                                                std::to_string(manners_.body.size()) + "\r\n";
    send(connection, begin > 0 ? "206 Partial Content" : "200 OK",
         cut ? body.substr(0, manners_.cut_first_answer) : body, body.size(),
         content_range + (manners_.tag.empty() ? "" : "ETag: " + manners_.tag + "\r\n"));
  }

  static void send(int connection, const std::string& status, const std::string& body,
                   size_t length, const std::string& headers = "") {
    const std::string text = "HTTP/1.1 " + status + "\r\n" + headers +
                             "Content-Length: " + std::to_string(length) +
                             "\r\nConnection: close\r\n\r\n" + body;
    send_all(connection, text);
  }

  static void send_all(int connection, const std::string& text) {
    for (size_t sent = 0; sent < text.size();) {
      const ssize_t got = ::send(connection, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (got <= 0) return;
      sent += static_cast<size_t>(got);
    }
  }

  Manners manners_;
  int listener_ = -1;
  int port_ = 0;
  std::mutex mutex_;
  std::vector<size_t> begins_;
  std::thread thread_;
};

}  // namespace repro
