"""Korean for the English words of tools and results: keys, values, verbs, currencies."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, str] = {
    "id": "번호", "number": "번호", "order": "주문", "status": "상태", "eta": "도착 예정일",
    "date": "날짜", "time": "시간",
    "name": "이름", "phone": "전화번호", "email": "이메일", "address": "주소", "city": "도시",
    "price": "가격", "total": "합계",
    "amount": "금액", "balance": "잔액", "account": "계좌", "quantity": "수량", "items": "상품",
    "item": "상품",
    "product": "상품", "size": "크기", "toppings": "토핑", "room": "방", "doctor": "선생님",
    "patient": "환자",
    "appointment": "예약", "reservation": "예약", "booking": "예약", "delivery": "배송",
    "day": "요일", "hours": "시간",
    "subject": "제목", "reason": "이유", "message": "내용", "ticket": "접수", "card": "카드",
    "guests": "인원", "people": "인원",
    "nights": "숙박 일수", "temperature": "온도", "weather": "날씨", "title": "제목",
    "department": "진료과", "symptoms": "증상",
    "currency": "통화", "free": "빈", "menu": "메뉴",
    "check": "체크", "in": "인", "out": "아웃", "level": "정도",
    "brightness": "밝기", "state": "상태",
    "customer": "고객", "recipient": "받는 분", "arrival": "도착", "carrier": "택배사",
    "tracking": "운송장", "available": "예약 가능",
    "paid": "결제", "confirmed": "확정", "slots": "시간", "slot": "시간", "code": "코드",
    "confirmation": "확인", "weight": "무게", "kg": "킬로그램", "service": "서비스",
    "destination": "도착지", "origin": "출발지", "window": "시간대", "month": "월", "months": "개월 수",
    "reading": "검침값", "meter": "계량기", "film": "영화", "tickets": "표 수",
    "seat": "좌석", "flights": "항공편", "flight": "항공편", "reference": "예약 번호", "bags": "가방 수",
    "to": "받는", "last": "마지막", "digits": "자리", "light": "조명", "music": "음악", "class": "수업",
    "schedule": "일정", "membership": "회원권", "cabin": "좌석 등급", "postcode": "우편번호",
}  # fmt: skip
VALUES: Mapping[str, str] = {
    "shipped": "배송 중", "delivered": "배송 완료", "packing": "포장 중", "processing": "처리 중",
    "pending": "대기 중",
    "cancelled": "취소됨", "canceled": "취소됨", "confirmed": "확정", "booked": "예약 완료",
    "completed": "완료",
    "active": "사용 중", "blocked": "정지됨", "open": "열림", "closed": "닫힘", "paid": "결제 완료",
    "refunded": "환불 완료",
    "in_transit": "배송 중", "on": "켜짐", "off": "꺼짐", "small": "스몰", "medium": "미디엄",
    "large": "라지",
}  # fmt: skip
ACTIONS: Mapping[str, str] = {
    "cancel": "취소", "delete": "삭제", "remove": "삭제", "book": "예약", "reserve": "예약",
    "schedule": "예약",
    "change": "변경", "update": "변경", "move": "변경", "reschedule": "변경", "pay": "결제",
    "transfer": "이체",
    "send": "전송", "refund": "환불", "block": "정지", "create": "접수", "order": "주문",
    "find": "조회", "lookup": "조회",
    "set": "설정", "play": "재생", "buy": "구매", "track": "조회", "report": "신고", "freeze": "정지",
    "look": "조회", "check": "확인", "get": "조회", "list": "조회", "search": "검색",
}  # fmt: skip
CURRENCIES = {"KRW": "원", "USD": "달러", "EUR": "유로", "GBP": "파운드", "JPY": "엔"}
