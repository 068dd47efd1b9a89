"""What everyday words have in common, across English and Korean.

A *concept* is a small set of words that callers and authors of tools use for the same thing: a caller wants
to "drop" what the tool calls `cancel_order`, and says 취소 to a tool that is described in English.
Concepts are about service calls in general; nothing here knows a particular agent.
"""

from __future__ import annotations

from collections.abc import Mapping

ACTIONS: Mapping[str, str] = {
    "cancel": "cancel cancellation delete remove drop revoke annul unsubscribe 취소 삭제 없애 철회",
    "book": "book reserve schedule arrange appointment reservation booking 예약 잡아 잡고 접수 예매",
    "change": "change modify update reschedule edit move amend postpone correct adjust 변경 바꾸 바꿔 "
    "수정 옮기 옮겨 미루 미뤄 연기",
    "refund": "refund reimburse money-back 환불 반품 return",
    "pay": "pay payment settle 결제 지불 납부",
    "send": "transfer send wire remit 송금 이체 보내",
    "report": "problem complaint complain broken damaged defective wrong issue ticket report fault "
    "leak bug missing 문제 불만 고장 파손 불량 신고 접수증 망가 깨졌 깨져 이상해",
    "block": "block lock pause hold freeze lost stolen suspend lock deactivate disable 정지 분실 잃어 "
    "도난 차단 잠가 잠그 잠금",
    "unlock": "unlock 열어",
    "subscribe": "subscribe sign join enroll enrol 구독 가입",
    "unsubscribe": "unsubscribe stop quit opt 해지 탈퇴",
    "buy": "buy purchase 구매 구입 사고 주문하 시킬 시키",
    "switch": "turn switch activate 켜 꺼 끄",
    "play": "play 재생 틀어",
    "remind": "remind reminder alarm wake 알림 알람 깨워",
    "escalate": "human person representative operator staff agent 상담원 상담사 직원 사람",
    "hang_up": "hang goodbye bye 끊",
}
"""Things to do: a tool that does one of them is not chosen by a caller who asks for another."""

TOPICS: Mapping[str, str] = {
    "lookup": "look find check where status track search fetch retrieve query list "
    "lookup know what which 조회 확인 찾 어디 알려 검색 상태 현황 보여 궁금",
    "create": "create open make add new register file place set put start 만들 등록 추가 생성 개설",
    "order": "order parcel package shipment stuff delivery deliver ship arrive purchase 주문 배송 택배 소포 "
    "배달 도착",
    "time": "time hour when slot 시간 언제 몇시",
    "available": "available availability free slot vacant vacancy possible 가능 비어 빈 남아 남은 자리",
    "price": "price cost much fee charge rate expensive 가격 얼마 요금 비용 값",
    "money": "balance money account 잔액 잔고 계좌 통장 돈",
    "card": "card 카드",
    "invoice": "invoice bill receipt 청구 영수증 계산서",
    "room": "room suite 객실 방",
    "doctor": "doctor physician clinic medical consultation visit 의사 선생님 진료 병원 상담",
    "appointment": "appointment visit 예약 진료",
    "table": "table seat 테이블 좌석 자리",
    "technical": "technical technician tech internet wifi router modem connection login log password app "
    "website 기술 인터넷 와이파이 비밀번호 로그인",
    "flight": "flight fly plane 비행기 항공 비행편",
    "express": "express urgent priority 특급 급행 속달",
    "standard": "standard normal ordinary 일반 보통",
    "pickup": "pickup collect collection 수거 픽업",
    "outage": "outage blackout power 정전",
    "weather": "weather forecast rain rainy sunny snow wind windy warm hot cold umbrella temperature "
    "날씨 예보 비 기온",
    "light": "light lamp 불 조명 전등 램프",
    "heat": "temperature heat heating thermostat degree warm warmer cold colder cool 온도 난방 보일러 에어컨",
    "stock": "stock inventory 재고",
    "item": "item product article goods 상품 물건 제품",
    "address": "address location located 주소 위치",
    "message": "message note text 메시지 메모 문자",
    "menu": "menu dish food eat 메뉴 음식",
    "pizza": "pizza 피자",
    "open": "open close hour business 영업 운영 열",
    "number": "number code id 번호",
    "name": "name 이름 성함 성명",
    "phone": "phone telephone mobile 전화 연락처 휴대폰 핸드폰",
    "music": "music song track 음악 노래",
    "door": "door 문",
    "breakfast": "breakfast 조식 아침식사",
    "parking": "park parking garage 주차",
    "taxi": "taxi cab 택시",
    "lost": "lost lose 분실 잃어",
    "stolen": "stolen theft steal thief 도난 훔쳐 도둑",
    "large": "large big 큰 라지 대형",
    "medium": "medium regular 중간 미디엄 보통",
    "small": "small little 작은 스몰 소형",
    "on": "on 켜",
    "off": "off 꺼 끄",
    "red": "red 빨간 빨강",
    "blue": "blue 파란 파랑",
    "green": "green 초록 녹색",
    "white": "white 흰 하얀",
    "black": "black 검은 검정",
    "kitchen": "kitchen 부엌 주방",
    "living": "living lounge 거실",
    "bedroom": "bedroom 침실",
    "bathroom": "bathroom bath 욕실 화장실",
    "morning": "morning 오전 아침",
    "afternoon": "afternoon 오후",
    "evening": "evening 저녁",
    "male": "male man 남자 남성",
    "female": "female woman 여자 여성",
    "double": "double 더블",
    "single": "single 싱글 1인실",
    "twin": "twin 트윈",
    "checking": "checking current 입출금",
    "savings": "saving savings 저축 적금",
    "cheese": "cheese 치즈",
    "mushroom": "mushroom 버섯",
    "dental": "dentist dental tooth teeth 치과 이빨 치아",
    "checkup": "checkup check-up examination 검진 건강검진",
    "cold": "cold flu cough fever 감기 독감 기침 열나",
    "internal": "internal 내과",
    "skin": "skin dermatology 피부과 피부",
}

WEAK_CONCEPTS = frozenset({"lookup", "create", "time", "number", "name", "on", "off", "item"})
"""Too common to choose a tool by themselves."""

_EN_STOP_WORDS = """
a an the and or but if of in at to for from by with about into over is are was were be been am do
does did have has had can could will would shall should may might must i you he she it we they me
him her us them my your his its our their mine yours this that these those there here please
thanks thank hello hi hey yes no not ok okay so just really very some any all as up out then than
too also want like need would i'd i'm i've it's that's let's got get give go going us one how when
who why use caller user customer guest patient e g eg such each every used given using only give
before after until unless say says said asks ask wants value example what which know tell show see
like think
"""
EN_STOP_WORDS = frozenset(_EN_STOP_WORDS.split())
_KO_STOP_WORDS = """
저 제 나 내 우리 그 이 저기 그냥 좀 네 아니요 그리고 하지만 그런데 혹시 이거 그거 저는 제가 수 것
거 때 및 또는 등 안녕하세요 감사합니다 고객 손님 환자 발신자 사용자 주세요 하고 싶어요 싶은데요
있나요 있어요 되나요 돼요 되죠 될까요 하나요 어떻게 합니다 해요 할게요 하는 사용
"""
KO_STOP_WORDS = frozenset(_KO_STOP_WORDS.split())
