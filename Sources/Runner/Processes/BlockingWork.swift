import Dispatch

private let blockingWork = DispatchQueue(label: "blocking-work", attributes: .concurrent)

/// Runs what may block without end, as a look at a network file system may, on a thread of its own: it
/// then keeps its caller waiting and nobody else.
func blocking<Value: Sendable, Failure: Error>(
    _ body: @escaping @Sendable () throws(Failure) -> Value
) async throws(Failure) -> Value {
    let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
        blockingWork.async {
            do throws(Failure) {
                continuation.resume(returning: .success(try body()))
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
    }
    return try result.get()
}
