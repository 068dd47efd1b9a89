"""The words that English callers of any desk put round what they want: openings, questions, answers."""

from __future__ import annotations

from agentrun.engine.speech.grammar import split_phrases, split_words

STOCK = split_phrases(
    "yes | no | yeah | nope | yep | sure | okay | right | that's right | that is right | yes that's right "
    "| yes that is right | correct | that's correct | that is correct | yes that's correct | exactly "
    "| wrong "
    "| that's wrong | that is wrong | that's not right | no that's wrong | hello | hi | hey | good morning "
    "| good afternoon | good evening | thanks | thank you | thank you very much | thanks a lot | bye "
    "| goodbye "
    "| bye bye | good bye | good night | that's all | that is all | that's it | that will be all | no "
    "that's all "
    "| no that's it | nothing else | no nothing else | nothing | please repeat that | repeat that please "
    "| say that again | can you say that again | can you repeat that | could you repeat that | pardon "
    "| sorry "
    "| excuse me | what did you say | i don't know | i'm not sure | i do not know | never mind | wait "
    "a moment "
    "| one moment | just a moment | hold on | wait | stop | cancel | cancel that | go ahead | please do "
    "| yes please do | yes go ahead | do it | are you still there | can you hear me | can you help me "
    "| i need help | help | help me | hang up | what can you do | who are you | how are you | what is "
    "your name "
    "| i want to talk to a human | i want to speak to a person | can i speak to somebody "
    "| can i talk to a human agent | how long will it take | how long does it take | when will it arrive "
    "| where is it | what is the status | is it ready | are you a robot | i'd like some information"
)
LEADS = split_phrases(
    "yes | no | yes please | no thanks | no thank you | okay | hello | hi | well | actually | so | "
    "and | sorry "
    "| please | good morning | excuse me | thanks | and then"
)
POLITE = split_phrases(
    "please | thanks | thank you | thank you very much | goodbye | bye | thank you goodbye"
)
ASKS = split_phrases(
    "i want to | i would like to | i'd like to | i need to | i have to | can you | could you | can i "
    "| could i "
    "| may i | will you | would you | please | can you please | could you please | i'm calling to | let me "
    "| let's | help me | i wish to | can you help me | i was hoping to"
)
WANTS = split_phrases(
    "i want | i would like | i'd like | i need | give me | get me | can i have | can i get | could i have "
    "| i'll have | i will have | i'll take | make it | make that | what about | how about | tell me about "
    "| do you have | have you got | is there | are there | i have | i have a question about | a "
    "question about "
    "| i'm calling about | i am calling about | it's about | it is about"
)
QUESTIONS = split_phrases(
    "where is | where are | where's | what is | what's | what are | what is in | what's in | when is "
    "| when are "
    "| how is | how are | how much is | how much are | who is | what happened to | has | have | was | "
    "is | are "
    "| any news about"
)
WHEN_QUESTIONS = split_phrases("when will | when does | when do | will | how soon will | where will")
KNOW = split_phrases(
    "do you know | can you tell me | could you tell me | tell me | show me | i want to know | i'd "
    "like to know "
    "| i would like to know | please tell me"
)
KNOW_QUESTIONS = split_phrases("where | when | what is | what's in | what happened to | if | how")
HAPPENINGS = split_phrases(
    "arrive | come | be ready | be delivered | get here | be here | be shipped | be sent | going to arrive"
)
STATES = split_phrases(
    "ready | delivered | shipped | sent | available | late | cancelled | done | there | been shipped "
    "| been delivered | been sent | been cancelled | now | again | cost | for me"
)
BUSINESS_QUESTIONS = split_phrases(
    "are you | do you | when are you | when do you | what time do you | what time are you | is the shop "
    "| when is the shop | what days are you | how late are you | until when are you | from when are you "
    "| do you know when you | when does the shop | is it | when can i come"
)
IS_LEADS = split_phrases(
    "it is | it's | that is | that's | this is | the number is | my number is | number | it starts with "
    "| i think it's | it was | yes it's | sure it's | okay it's | my name is | i am"
)
QUESTION_WORDS = frozenset(
    split_words(
        "where what when who how why which is are was has have did do does can could will would may "
        "where's what's until from"
    )
)
DETERMINERS = split_words("my the a an this that your our another some any one")
PREPOSITIONS = split_words("with for of on at in to from by until before after")
DAY_PREPOSITIONS = split_phrases(
    "to | on | for | at | by | until | from | to the | on the | is | about | after | and"
)
NUMBER_WORDS = split_phrases("number | number is | is | with the number | with number | id | code")
CONTENT_STOPS = frozenset(
    split_words(
        "a an and any are as at be but by can do for from given has have how if in into is it its name not "
        "number of on one or so than that the their then there this to up use used when where which "
        "who why will "
        "with you your caller callers customer user agent tool function returns return such example "
        "e.g. must "
        "should only value string integer optional required format like say says said ask asks tell "
        "tells what "
        "never always been yet about before after whole leave out out new another confirm end call "
        "whether more "
        "once until while all also they them he she his her whatever needs need nothing whose "
        "whenever clear sent"
    )
)
ID_WORDS = frozenset(split_words("id ids number code no num key ref reference identifier"))
OPPOSITES = {"open": ("close", "closed"), "opening": ("closing",), "arrive": ("come",)}
VERBS: dict[str, str] = {
    "lookup": "look up|find|check|track|get|see|show me|tell me|follow up on",
    "find": "find|look up|look for|search for|check|get|show me|tell me",
    "cancel": "cancel|stop|call off",
    "book": "book|make|schedule|reserve|get|have|arrange",
    "order": "order|get|have|buy|place",
    "create": "create|open|make|file|add|report|start|place",
    "update": "update|change|edit|correct",
    "move": "move|change|reschedule|postpone",
    "remove": "remove|delete|take off|cancel",
    "add": "add|put|include",
    "pay": "pay|pay for|settle",
    "send": "send|mail|email",
}
VERB_ALIASES = {
    **dict.fromkeys(split_words("look get check track fetch search query show list read status"), "find"),
    **dict.fromkeys(split_words("schedule reserve make arrange"), "book"),
    **dict.fromkeys(split_words("buy purchase place"), "order"),
    **dict.fromkeys(split_words("open file report start submit register"), "create"),
    **dict.fromkeys(split_words("change edit modify set"), "move"),
    **dict.fromkeys(split_words("reschedule postpone"), "move"),
    **dict.fromkeys(split_words("delete drop"), "remove"),
}
