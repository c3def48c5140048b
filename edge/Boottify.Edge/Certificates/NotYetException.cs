namespace Boottify.Edge.Certificates;

/// <summary>Nothing was tried and nothing failed: it is not this edge's turn. <see cref="Exception.Message"/> says whose it is.</summary>
/// <param name="again">When it is looked again.</param>
public sealed class NotYetException(string message, DateTimeOffset again) : Exception(message)
{
    public DateTimeOffset Again { get; } = again;
}
