import Testing

@testable import VMM

@Suite("A list of an owner's")
struct OwnedListTests {
  @Test("holds what was appended, in order, also beyond the room that it began with", arguments: [1, 2, 7])
  func append(capacity: Int) {
    var list = OwnedList<Int>(capacity: capacity)
    for round in 1...3 {
      list.removeAll()
      #expect(list.count == 0)
      for number in 0..<20 { list.append(number * round) }
      #expect(list.count == 20)
      for index in 0..<20 { #expect(list[index] == index * round) }
    }
    list[3] = -1
    #expect(list[3] == -1)
    let lent = list.withSpan(2..<5) { span in span.indices.map { span[$0] } }
    #expect(lent == [6, -1, 12])
    #expect(list.withSpan(20..<20) { $0.count } == 0)
  }

  @Test("An index outside, emptied elements too, ends the program")
  func outside() async {
    await #expect(processExitsWith: .failure) {
      var list = OwnedList<Int>(capacity: 4)
      list.append(1)
      list.removeAll()
      _ = list[0]
    }
    await #expect(processExitsWith: .failure) {
      let list = OwnedList<Int>(capacity: 4)
      _ = list.withSpan(0..<1) { $0.count }
    }
  }
}
