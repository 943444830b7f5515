trouble-nothing-moved = No money moved.
trouble-unknown = It is not known yet whether this happened. Reload the page to send the same form again: it is never carried out twice.
trouble-todo = What you can do
trouble-wait = { $seconds ->
    [one] Try again in one second.
   *[other] Try again in { $seconds } seconds.
}
trouble-again = Try again
trouble-home = To the start
trouble-kind = For support:
