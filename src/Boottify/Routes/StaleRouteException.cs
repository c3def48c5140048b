namespace Boottify.Routes;

/// <summary>The edge holds a newer route of the app: this wish came late, and there is nothing to do.</summary>
public sealed class StaleRouteException : Exception
{
    public StaleRouteException(string message)
        : base(message)
    {
    }

    public StaleRouteException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public StaleRouteException()
    {
    }
}
