namespace Boottify.EndToEnd.ZeroDowntime;

/// <summary>A kind of event, and what visitors saw during all of that kind.</summary>
public sealed class Tally(string kind)
{
    private readonly Lock counting = new();

    public string Kind => kind;

    public int Events { get; private set; }

    public int Kept { get; private set; }

    public int New { get; private set; }

    public int Failed { get; private set; }

    /// <summary>Of the requests that the app answers at once.</summary>
    public TimeSpan Longest { get; private set; }

    /// <summary>One more event of the kind begins.</summary>
    /// <param name="answers">The releases that may answer while it lasts.</param>
    public Happening Begin(params string[] answers)
    {
        lock (counting)
            return new Happening(this, ++Events, answers);
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

    public override string ToString() => $"{tally.Kind} {number}";
}
