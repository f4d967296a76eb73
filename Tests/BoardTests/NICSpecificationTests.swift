import Testing

@testable import Board

struct NICSpecificationTests {
  @Test func `a NIC by its model, with a back end or the sink`() throws {
    #expect(try NICSpecification("e1000").description == "e1000,backend=sink")
    #expect(
      try NICSpecification("virtio-net,backend=reflector").description == "virtio-net,backend=reflector")
    for model in NICSpecification.Model.allCases {
      for backend in NICSpecification.Backend.allCases {
        let text = "\(model.rawValue),backend=\(backend.rawValue)"
        #expect(try NICSpecification(text).description == text)
      }
    }
  }

  @Test(arguments: [
    "", ",", "e1001", "E1000", "e1000,", "e1000,backend", "e1000,backend=", "e1000,backend=tap",
    "e1000,mac=1", "sink",
  ])
  func `no NIC`(text: String) {
    do throws(NICSpecificationError) {
      _ = try NICSpecification(text)
      Issue.record("taken: \(text)")
    } catch {
      #expect(error.description.hasPrefix("NIC '\(text)': "))
    }
  }
}
