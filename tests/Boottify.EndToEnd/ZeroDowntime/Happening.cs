namespace Boottify.EndToEnd.ZeroDowntime;

/// <summary>A kind of event, and what visitors saw during all of that kind.</summary>
/// <param name="reloads">
/// Whether nginx is reloaded meanwhile. It then closes each connection that is between two requests, and what is sent at that
/// moment gets no answer. Clients send that again by themselves, except a POST: those are counted apart. So are HTTP/2
/// connections that are closed before a request is sent on them.
/// </param>
public sealed class Tally(string kind, bool reloads = false)
{
    private readonly Lock counting = new();

    public string Kind => kind;

    public int Events { get; private set; }

    public int Kept { get; private set; }

    public int New { get; private set; }

    public int Failed { get; private set; }

    /// <summary>POSTs over kept connections that a reload closed before a byte of the answer came.</summary>
    public int Unanswered { get; private set; }

    /// <summary>HTTP/2 connections that a reload closed before a request was sent on them.</summary>
    public int Unsent { get; private set; }

    public bool Reloads => reloads;

    /// <summary>Of the requests that the app answers at once.</summary>
    public TimeSpan Longest { get; private set; }

    /// <summary>One more event of the kind begins.</summary>
    /// <param name="answers">The releases that may answer while it lasts.</param>
    public Happening Begin(params string[] answers)
    {
        lock (counting)
            return new Happening(this, ++Events, answers);
    }

    internal void CountLost(bool isNew, bool sent)
    {
        lock (counting)
        {
            (Kept, New) = isNew ? (Kept, New + 1) : (Kept + 1, New);
            (Unanswered, Unsent) = sent ? (Unanswered + 1, Unsent) : (Unanswered, Unsent + 1);
        }
    }

    internal void Count(bool isNew, bool failed, TimeSpan took)
    {
        lock (counting)
        {
            if (isNew)
                New++;
            else
                Kept++;
            Failed += failed ? 1 : 0;
            Longest = took > Longest ? took : Longest;
        }
    }
}

/// <summary>One event while visitors ask.</summary>
public sealed class Happening(Tally tally, int number, string[] answers)
{
    public string RightAnswers => string.Join(" or ", answers);

    public bool MayAnswer(string answer) => answers.Contains(answer);

    public void Count(bool isNew, bool failed, TimeSpan took) => tally.Count(isNew, failed, took);

    public bool Reloads => tally.Reloads;

    public void CountLost(bool isNew, bool sent) => tally.CountLost(isNew, sent);

    public override string ToString() => $"{tally.Kind} {number}";
}
