using System.Text;

namespace Boottify;

/// <summary>One page of a list.</summary>
/// <param name="Next">Pass it as <c>?cursor=</c> for the next page; null on the last one.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>Cursors are opaque to callers: the key of the last item, so that new items do not shift pages.</summary>
public static class Cursor
{
    public const int DefaultLimit = 50;
    public const int MostItems = 200;

    public static int Limit(int? wanted) => Math.Clamp(wanted ?? DefaultLimit, 1, MostItems);

    /// <summary>Cuts a list that was fetched with one item more than the page holds.</summary>
    public static Page<TView> Cut<T, TView>(IReadOnlyList<T> items, int limit, Func<T, string> key, Func<T, TView> view) =>
        new([.. items.Take(limit).Select(view)], items.Count > limit ? Encode(key(items[limit - 1])) : null);

    public static string? Decode(string? cursor)
    {
        if (string.IsNullOrEmpty(cursor))
            return null;
        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(cursor.Replace('-', '+').Replace('_', '/')));
        }
        catch (FormatException e)
        {
            throw new BadHttpRequestException("The cursor is not one of ours: pass 'next' of the page before, or leave it out.", e);
        }
    }

    private static string Encode(string key) =>
        Convert.ToBase64String(Encoding.UTF8.GetBytes(key)).Replace('+', '-').Replace('/', '_');
}
