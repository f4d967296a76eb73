import Doctor
import Foundation
import KVM
import TestSupport
import Testing

@Suite("The doctor")
struct DoctorTests {
  static let finding = Form.object(
    ["area": .text, "name": .text, "state": .text, "value": .text],
    optional: ["meaning": .text, "number": .count, "remedy": .object(["kind": .text, "text": .text])])

  /// Runs it, and checks that text, JSON and status tell the same.
  private func examine(under wrapper: [String] = []) throws -> (Run, Diagnosis) {
    let folder = try Scratch()
    // A file that the unprivileged user may write to.
    let path = try folder.write("doctor.json", [])
    try permit(folder.path("."), 0o777)
    try permit(path, 0o666)
    let run = try Swiftvmm.run(["doctor", "--json", path], under: wrapper)
    let json = try #require(run.json.flatMap { $0.isEmpty ? nil : $0 }, "\(run.errors)")
    let object = try #require(JSONSerialization.jsonObject(with: json) as? [String: Any])
    #expect(Set(object.keys) == ["schema", "host", "usable", "verdict", "findings"])
    #expect(Form.list(Self.finding).problems(of: try #require(object["findings"])) == [])
    let diagnosis = try JSONDecoder().decode(Diagnosis.self, from: json)
    #expect(diagnosis.schema == "swiftvmm.doctor/1")
    #expect(run.text == diagnosis.text)
    #expect(run.status == (diagnosis.usable ? 0 : 38))
    #expect(run.errors == (diagnosis.complaint.map { "swiftvmm: \($0)\n" } ?? ""))
    return (run, diagnosis)
  }

  private func permit(_ path: String, _ mode: Int) throws {
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
  }

  @Test("It says of this host what boot finds, and changes nothing")
  func here() throws {
    func state() throws -> [String] {
      try ["/proc/self/mounts", "/proc/misc"].map { try String(contentsOfFile: $0, encoding: .utf8) }
    }
    let before = try state()
    let (_, diagnosis) = try examine()
    #expect(try state() == before)
    #expect(diagnosis.usable == ((try? System()) != nil))
    if diagnosis.usable {
      #expect(diagnosis.findings.contains { $0.area == .capabilities && $0.name == "IRQCHIP" })
    }
  }

  @Test("To a user without privilege it speaks as well", .enabled(if: geteuid() == 0, "setpriv needs root"))
  func unprivileged() throws {
    // By a descriptor, for the user may not walk down to the program; and no copy, which another test's child may hold
    // open for writing when it is to run.
    let script =
      "exec 9<\"$0\" && exec setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps -all /proc/self/fd/9 \"$@\""
    let (_, diagnosis) = try examine(under: ["sh", "-c", script])
    let device = try? FileManager.default.attributesOfItem(atPath: "/dev/kvm")
    let mode = device?[.posixPermissions] as? Int ?? 0
    #expect(diagnosis.usable == (mode & 0o006 == 0o006 && (try? System()) != nil))
    let user = try #require(diagnosis.findings.first { $0.area == .permissions && $0.name == "user" })
    #expect(user.value == "uid 65534")
    let commands = diagnosis.findings.compactMap(\.remedy).filter { $0.kind == .run }.map(\.text)
    #expect(commands.allSatisfy { $0.hasPrefix("sudo ") || $0.contains("| sudo ") }, "\(commands)")
  }

  @Test(
    "Without /sys and /dev/kvm it says so and ends with 38",
    .enabled(if: geteuid() == 0, "a mount namespace needs root"))
  func emptied() throws {
    // Private, so that nobody else misses them.
    let script =
      "mount --make-rprivate / && mount -t tmpfs none /sys && mount --bind /dev/null /dev/kvm 2>/dev/null; exec \"$@\""
    let (run, diagnosis) = try examine(under: ["unshare", "-m", "sh", "-c", script, "sh"])
    #expect(run.status == 38)
    #expect(diagnosis.host.kvm == .unknown)
    let area = { (area: Finding.Area) in diagnosis.findings.filter { $0.area == area } }
    #expect(area(.mitigations).map(\.state) == [.missing])
    #expect(area(.capabilities).isEmpty)
  }

  @Test("A file that cannot be written is said before the host is looked at")
  func badFile() throws {
    let run = try Swiftvmm.run(["doctor", "--json", "/no/such/folder/file"])
    expectRefusal(run, saying: "/no/such/folder/file: No such file or directory")
  }
}
