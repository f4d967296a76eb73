import Foundation
import Testing

@testable import Doctor

struct FindingTests {
  @Test func `a finding survives JSON`() throws {
    let finding = Finding("network", "vhost-net", .missing, "no /dev/vhost-net", remedy: "modprobe vhost_net")
    #expect(try JSONDecoder().decode(Finding.self, from: JSONEncoder().encode(finding)) == finding)
  }
}
